import { existsSync, readFileSync } from 'node:fs';

import { limitOf, textOf } from './answer.js';
import { groupBy } from './measure.js';

/** The questions in the order of the README. */
const names = [
  ...['trivial', 'trivial-carrying', 'sequential', 'map', 'five-ms', 'mixed', 'payload', 'queued', 'start-up'],
  ...['lanes', 'rare', 'alike', 'fair', 'admission', 'health', 'nice', 'article', 'watchdog'],
];
/** The questions whose rows have a table of their own, and the heading of its first column. */
const tables = { lanes: '100 callers', article: 'light requests' };

const integer = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** The claims about offloop in the results files, each with a link to its chart. A question without a results file has no claims yet. */
export function readResults() {
  return names.map((name) => ({ name, ...(existsSync(fileOf(name)) && JSON.parse(readFileSync(fileOf(name), 'utf8'))) }));
}

/** @param {ReturnType<typeof readResults>} results */
export function benchTable(results) {
  const measured = results.filter(isMeasured);
  return [
    row(['', 'offloop', 'wanted']),
    row(['---', '---', '---']),
    ...results.flatMap(claimRows),
    '',
    circumstances(measured),
    ...measured.filter(({ name }) => name in tables).flatMap(({ name, rows }) => ['', ...comparison(tables[name], rows)]),
  ].join('\n');
}

export function isMeasured({ claims }) {
  return claims !== undefined;
}

function claimRows({ name, claims }) {
  if (claims === undefined) return [row([name, `not measured yet: \`npm run bench -- ${name}\``, ''])];
  return claims.map((claim) => row([`[${claim.what}](bench/results/${name}.svg)`, textOf(claim), limitOf(claim)]));
}

/** The figures of all candidates, with a column for each of them. */
function comparison(heading, rows) {
  const columns = [...new Set(rows.map(({ candidate }) => candidate))];
  return [
    row([heading, ...columns]),
    row(['---', ...columns.map(() => '---:')]),
    ...[...groupBy(rows, ({ measured }) => measured)].map(([measured, cells]) => (
      row([measured, ...columns.map((column) => cell(cells.find(({ candidate }) => candidate === column)))])
    )),
  ];
}

function cell(figure) {
  if (figure === undefined) return '';
  const { median, unit, threads } = figure;
  const amount = median < 100 ? String(median) : integer.format(median);
  const text = unit.startsWith('/') ? amount + unit : `${amount} ${unit}`.trim();
  return threads === undefined ? text : `${text} (${threads} threads)`;
}

function circumstances(results) {
  const where = results.map(({ machine, node, measuredOn }) => `${machine.cpu}, ${machine.cores} cores, Node ${node}, ${measuredOn}`);
  return `Medians of ratios within one run, and in brackets the middle half of them. 2 threads; ${[...new Set(where)].join('; ')}. \`npm run bench\` measures it again.`;
}

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}

function fileOf(name) {
  return new URL(`results/${name}.json`, import.meta.url);
}
