import { existsSync, readFileSync } from 'node:fs';

import { limitOf, textOf } from './answer.js';
import { groupBy } from './measure.js';

/** The questions in the order of the README. */
const names = ['trivial', 'trivial-carrying', 'sequential', 'map', 'five-ms', 'mixed', 'payload', 'queued', 'start-up', 'article', 'watchdog'];

const integer = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** The claims about offloop in the results files, each with a link to its chart. */
export function readResults() {
  return names.filter((name) => existsSync(fileOf(name))).map((name) => ({ name, ...JSON.parse(readFileSync(fileOf(name), 'utf8')) }));
}

/** @param {ReturnType<typeof readResults>} results */
export function benchTable(results) {
  const article = results.find(({ name }) => name === 'article');
  return [
    row(['', 'offloop', 'wanted']),
    row(['---', '---', '---']),
    ...results.flatMap(({ name, claims }) => claims.map((claim) => row([`[${claim.what}](bench/results/${name}.svg)`, textOf(claim), limitOf(claim)]))),
    '',
    circumstances(results),
    ...(article === undefined ? [] : ['', ...articleTable(article.rows)]),
  ].join('\n');
}

/** The figures of the light requests, with a column for each way to run the service. */
function articleTable(rows) {
  const columns = [...new Set(rows.map(({ candidate }) => candidate))];
  return [
    row(['light requests', ...columns]),
    row(['---', ...columns.map(() => '---:')]),
    ...[...groupBy(rows, ({ measured }) => measured)].map(([measured, cells]) => row([measured, ...cells.map(cell)])),
  ];
}

function cell({ median, unit }) {
  const amount = median < 100 ? String(median) : integer.format(median);
  return unit.startsWith('/') ? amount + unit : `${amount} ${unit}`.trim();
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
