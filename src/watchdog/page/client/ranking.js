import { element, pathLine, symbol } from './dom.js';
import { culpritName, duration, kindName, number, percent, place, requestCount } from './format.js';

const COLUMNS = [
  ['#', 'number'], ['Culprit', ''], ['Kind', 'medium'], ['Share', 'number'], ['Total', 'number'],
  ['Count', 'number medium'], ['p50', 'number wide'], ['Max', 'number medium'], ['Requests', 'number wide'],
];

/** The offenders with their figures; each name is a link to the details. */
export function ranking(report, root) {
  const header = COLUMNS.map(([label, kind]) => element('th', { 'scope': 'col', 'class': kind }, label));
  const rows = report.offenders.map((offender, index) => row(offender, index, root));
  return element('table', {}, element('thead', {}, element('tr', {}, ...header)), element('tbody', {}, ...rows));
}

function row(offender, index, root) {
  const { totalMs, count, p50, max } = offender;
  const cells = [
    number(index + 1), culprit(offender, index, root), kind(offender), share(offender), duration(totalMs),
    number(count), duration(p50), duration(max), requestCount(offender),
  ];
  const tags = cells.map((cell, column) => (
    element(column === 1 ? 'th' : 'td', { 'class': COLUMNS[column][1], ...(column === 1 && { scope: 'row' }) }, cell)
  ));
  return element('tr', {}, ...tags);
}

function culprit(offender, index, root) {
  const link = element('a', { href: `#offender-${index + 1}`, id: `rank-${index + 1}` }, element('code', {}, culpritName(offender)));
  const where = offender.culprit && pathLine(place(offender.culprit, root));
  return element('div', {}, link, where, element('span', { 'class': 'narrow' }, kind(offender)));
}

export function kind(offender) {
  return element('span', { 'class': 'kind' }, symbol(offender.kind), kindName(offender));
}

function share(offender) {
  const bar = element('span', { 'class': 'bar', 'data-kind': offender.kind, 'aria-hidden': 'true' });
  bar.style.setProperty('--share', `${Math.min(1, offender.share) * 100}%`);
  return element('div', { 'class': 'share' }, bar, percent(offender.share));
}
