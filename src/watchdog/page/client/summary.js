import { element } from './dom.js';
import { captureNote, clock, culpritName, duration, headline, number, percent, place, timeSpan } from './format.js';

/** The top of the page: one sentence, the worst offender, six figures. */
export function summary(report, root) {
  const parts = [element('p', { 'class': 'span' }, `Watched ${timeSpan(report.since, report.until)}`), title(report)];
  if (report.offenders.length > 0) parts.push(worst(report.offenders[0], root));
  if (report.stalls === 0) parts.push(element('p', { 'class': 'lead' }, 'Every request, timer and health check had its turn.'));
  if (report.capture.mode !== 'live') parts.push(element('p', { 'class': 'notice' }, captureNote(report)));
  return [...parts, element('dl', { 'class': 'figures' }, ...figures(report).map(figure))];
}

function title(report) {
  const mark = report.stalls === 0 ? element('span', { 'class': 'mark', 'aria-hidden': 'true' }, '✓') : undefined;
  // A figure and its unit stay on one line.
  return element('h1', {}, mark, headline(report).replace(/(\d) (?!stall)/g, '$1\u00A0'));
}

function worst(offender, root) {
  const { culprit, share } = offender;
  const name = element('code', {}, culpritName(offender));
  const where = culprit === undefined ? [] : [' at ', element('code', {}, place(culprit, root))];
  return element('p', { 'class': 'lead' }, share < 0.9995 ? `${percent(share)} of it in ` : 'All of it in ', name, ...where, '.');
}

function figures(report) {
  const { stalls, blockedMs, since, until, lag, expected } = report;
  const blocked = [
    ['Blocked', until > since ? percent(blockedMs / (until - since)) : '–', duration(blockedMs)],
    ['Stalls', number(stalls), lastSeen(report)],
    ['Longest', duration(longest(report)), 'one stall'],
  ];
  const list = [
    ...(stalls > 0 ? blocked : []),
    ['Lag p99', duration(lag.p99), `median ${duration(lag.p50)}`],
    ['Lag max', duration(lag.max), `mean ${duration(lag.mean)}`],
  ];
  if (expected.count > 0) list.push(['Expected', duration(expected.ms), `${number(expected.count)}, not counted`]);
  return list;
}

function longest({ offenders, timeline }) {
  return Math.max(0, ...offenders.map(({ max }) => max), ...timeline.map((stall) => stall.duration));
}

function lastSeen({ offenders, timeline }) {
  const last = Math.max(...offenders.map((offender) => offender.lastSeen), ...timeline.map(({ startedAt }) => startedAt));
  return Number.isFinite(last) ? `last at ${clock(last)}` : '';
}

function figure([label, value, detail]) {
  return element('div', {}, element('dt', {}, label), element('dd', {}, value, element('small', {}, detail)));
}
