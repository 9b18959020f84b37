import { inspect } from 'node:util';

import {
  captureNote, culpritName, duration, headline, kindName, number, percent, place, quantity, requestCount,
} from '../page/client/format.js';
import { printable, shorten, width, wrap } from './terminal.ts';
import type { Frame, Offender, ReportData } from '../types.ts';

const COLUMNS = 100;
/** How many offenders are explained; the others have their figures and their place only. */
const EXPLAINED = 10;
const ADVICE_LINES = 6;

/** The report for a terminal, at most 100 columns wide. Control characters of names and contexts are removed. */
export function reportTable(data: ReportData): string {
  return [...summary(data), '', ...ranking(data.offenders), ...notes(data)].join('\n').trimEnd();
}

function summary(data: ReportData): string[] {
  const { stalls, lag, expected, capture } = data;
  const facts = [`Lag: p99 ${duration(lag.p99)}, max ${duration(lag.max)}.`];
  if (expected.count > 0) facts.push(`Expected blocks, not counted: ${number(expected.count)} (${duration(expected.ms)}).`);
  if (stalls > 0 && capture.mode === 'live') facts.push(captureNote(data));
  const lines = stalls > 0 ? [headline(data), facts.join(' ')] : [`${headline(data)}. ${facts.join(' ')}`];
  if (capture.mode !== 'live') lines.push(captureNote(data));
  return lines.flatMap(paragraph);
}

function paragraph(text: string): string[] {
  return wrap(printable(text), COLUMNS);
}

const HEADER = ['#', 'share', 'total', 'count', 'p50', 'max', 'requests', 'kind', 'culprit'];
const KIND = HEADER.indexOf('kind');

function ranking(offenders: readonly Offender[]): string[] {
  if (offenders.length === 0) return [];
  const rows = [HEADER, ...offenders.map(cells)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => width(row[column]!))));
  const [header, ...figures] = rows.map((row) => alignedRow(row, widths));
  return [header!, ...figures.flatMap((line, index) => [line, ...beneath(offenders[index]!, index, widths[0]! + 2)])];
}

function cells(offender: Offender, index: number): string[] {
  const { share, totalMs, count, p50, max } = offender;
  const figures = [percent(share), duration(totalMs), number(count), duration(p50), duration(max), requestCount(offender)];
  return [String(index + 1), ...figures, kindName(offender), printable(culpritName(offender))];
}

/** Aligns figures to the right and words to the left; the last column gets the rest of the line. */
function alignedRow(row: readonly string[], widths: readonly number[]): string {
  const fixed = row.slice(0, -1).map((cell, column) => (column < KIND ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)));
  const start = `${fixed.join('  ')}  `;
  return shorten(start + shorten(row.at(-1)!, Math.max(8, COLUMNS - width(start)), 'both'), COLUMNS, 'start');
}

function beneath(offender: Offender, index: number, indent: number): string[] {
  const columns = COLUMNS - indent;
  const lines = [...where(offender, columns), ...(index < EXPLAINED ? explanation(offender, columns) : [])];
  return [...lines.map((line) => ' '.repeat(indent) + line), ''];
}

function where({ culprit }: Offender, columns: number): string[] {
  if (culprit === undefined) return [];
  const { package: dependency, calledFrom } = culprit;
  const owner = dependency === undefined ? '' : ` (package ${shorten(printable(dependency), 30, 'both')})`;
  const own = shorten(framePlace(culprit), columns - width(owner), 'end') + owner;
  return calledFrom === undefined ? [own] : [own, located('called by', calledFrom, columns)];
}

/** `called by checkOrder (src/orders/check.js:31)`. Keeps the end of a place that is too long. */
function located(label: string, frame: Frame, columns: number): string {
  const room = columns - width(`${label}  ()`);
  const path = framePlace(frame);
  const name = shorten(printable(frame.function), Math.max(20, room - width(path)), 'both');
  return `${label} ${name} (${shorten(path, room - width(name), 'end')})`;
}

function framePlace(frame: Frame): string {
  return printable(place(frame, process.cwd()));
}

function explanation(offender: Offender, columns: number): string[] {
  const { culprit, boundary, task, advice, context } = offender;
  const isWider = boundary !== undefined && !isSame(boundary, culprit) && !isSame(boundary, culprit?.calledFrom);
  const lines = isWider ? [located('within', boundary, columns)] : [];
  if (task !== undefined) lines.push(shorten(`in the offloop task ${printable(task)}`, columns, 'both'));
  const example = contextText(context);
  if (example !== '') lines.push(shorten(`e.g. ${example}`, columns, 'start'));
  return [...lines, ...adviceLines(advice.text, columns)];
}

function isSame(a: Frame, b: Frame | undefined): boolean {
  return a.function === b?.function && a.file === b.file && a.line === b.line;
}

/** `request { requestId: 'r-17' }` */
function contextText(context: Readonly<Record<string, unknown>>): string {
  const stores = Object.entries(context).map(([name, value]) => (
    `${name} ${inspect(value, { depth: 2, breakLength: Infinity, customInspect: false, maxArrayLength: 5, maxStringLength: 80 })}`
  ));
  return printable(stores.join(', '));
}

function adviceLines(text: string, columns: number): string[] {
  if (text === '') return [];
  const lines = text.split('\n').flatMap((line) => wrap(printable(line), columns - 2));
  const shown = lines.length > ADVICE_LINES ? [...lines.slice(0, ADVICE_LINES - 1), '…'] : lines;
  return shown.map((line, index) => (index === 0 ? '→ ' : '  ') + line);
}

function notes({ offenders, others }: ReportData): string[] {
  const found: string[] = [];
  if (others.count > 0) {
    found.push(`And ${quantity(others.count, 'stall')}, ${duration(others.totalMs)} in all, of causes too many to keep apart.`);
  }
  if (offenders.some(({ confidence }) => confidence === 'at-return')) {
    found.push('at-return: caught at the first statement after a native call; what had returned by then is not on the stack.');
  }
  return found.flatMap(paragraph);
}
