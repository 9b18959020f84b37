import { element, pathLine, prose } from './dom.js';
import { clock, culpritName, duration, number, percent, place, requestCount } from './format.js';
import { kindMeaning } from './kinds.js';
import { kind } from './ranking.js';

/** A `<details>` for each offender. The details that the reader has opened stay open. */
export function offenderList(report, root, openKeys) {
  return report.offenders.map((offender, index) => {
    const key = keyOf(offender);
    const isOpen = openKeys === undefined ? index === 0 : openKeys.has(key);
    const attributes = { id: `offender-${index + 1}`, 'data-key': key, ...(isOpen && { open: '' }) };
    return element('details', attributes, heading(offender, index, root), body(offender, root));
  });
}

/** A key that stays the same for an offender in every report, while the offender's rank may change. */
function keyOf({ kind, task, call, culprit }) {
  return JSON.stringify([kind, task, call, culprit?.function, culprit?.file, culprit?.line]);
}

function heading(offender, index, root) {
  const name = element('code', { 'class': 'name' }, culpritName(offender));
  const where = offender.culprit && pathLine(place(offender.culprit, root));
  const rank = element('span', { 'class': 'rank' }, number(index + 1));
  const total = element('span', { 'class': 'total' }, `${duration(offender.totalMs)} · ${percent(offender.share)}`);
  return element('summary', { id: `summary-${index + 1}` }, rank, element('span', { 'class': 'who' }, name, where), total);
}

function body(offender, root) {
  const { advice, stack, context } = offender;
  const main = element('div', { 'class': 'main' });
  if (advice.text !== '') main.append(element('h3', {}, 'What to do'), prose('p', advice.text));
  main.append(element('h3', {}, 'Stack of the longest stall'), stackList(stack, offender, root));
  const side = element('div', { 'class': 'side' }, element('h3', {}, 'Figures'), facts(offender, root));
  if (Object.keys(context).length > 0) side.append(element('h3', {}, 'Context of the longest stall'), contextList(context));
  return element('div', { 'class': 'body' }, main, side);
}

function stackList(stack, offender, root) {
  if (stack.length === 0) return element('p', { 'class': 'place' }, 'None was caught.');
  return element('ol', { 'class': 'stack' }, ...stack.map((frame) => stackLine(frame, offender, root)));
}

function stackLine(frame, { culprit, boundary, advice }, root) {
  const tags = [];
  if (isSame(frame, culprit)) tags.push('culprit');
  if (isSame(frame, boundary) && advice.action === 'offload') tags.push('offload this');
  if (frame.package !== undefined) tags.push(frame.package);
  if (frame.isAsync) tags.push('awaits');
  const name = element('code', {}, frame.function);
  const isForeign = frame.package !== undefined || frame.line === 0;
  const labels = tags.map((tag) => element('span', { 'class': 'tag' }, tag));
  return element('li', { 'class': isForeign ? 'foreign' : '' }, name, ...labels, pathLine(place(frame, root)));
}

function isSame(frame, other) {
  return frame.function === other?.function && frame.file === other.file && frame.line === other.line;
}

const CONFIDENCE = {
  'live': 'caught inside the function',
  'at-return': 'caught at the first statement after a native call; what had returned by then is not on the stack',
  'none': 'no stack was caught',
};

function facts(offender, root) {
  const { confidence, count, p50, max, task, firstSeen, lastSeen, culprit } = offender;
  const list = [
    ['Kind', element('span', {}, kind(offender), element('small', {}, kindMeaning(offender.kind)))],
    ['Seen', CONFIDENCE[confidence] ?? confidence],
    ['Stalls', `${number(count)}, median ${duration(p50)}, longest ${duration(max)}`],
    ['Requests', requestCount(offender)],
    ['When', count > 1 ? `${clock(firstSeen)} to ${clock(lastSeen)}` : clock(firstSeen)],
  ];
  if (task !== undefined) list.push(['Task', task]);
  if (culprit?.calledFrom) list.push(['Called by', `${culprit.calledFrom.function} (${place(culprit.calledFrom, root)})`]);
  return element('dl', { 'class': 'facts' }, ...list.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]));
}

function contextList(context) {
  const stores = Object.entries(context).flatMap(([name, value]) => (
    [element('dt', {}, name), element('dd', {}, element('pre', {}, JSON.stringify(value, null, 2) ?? ''))]
  ));
  return element('dl', { 'class': 'context' }, ...stores);
}
