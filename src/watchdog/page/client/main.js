/* global addEventListener, document, location */
import { element, refill, section } from './dom.js';
import { clock, duration, headline } from './format.js';
import { offenderList } from './offenders.js';
import { ranking } from './ranking.js';
import { summary } from './summary.js';
import { Timeline } from './timeline.js';

const PERIOD = 1000;
const TIMEOUT = 5000;

const { report: first, root, live } = JSON.parse(document.getElementById('data').textContent);

const status = element('span', { 'class': 'status' }, live ? 'live' : `saved ${clock(first.until)}`);
const stuckBanner = element('div', { 'class': 'banner stuck', 'role': 'alert', 'hidden': '' });
const goneBanner = element('div', { 'class': 'banner gone', 'role': 'status', 'hidden': '' });
const overview = element('section', { 'class': 'summary', 'aria-label': 'Summary' });
const timelineCard = section('Timeline');
const rankingTable = element('div', { 'class': 'scroll' });
const rankingCard = section('Ranking', rankingTable);
const offenders = element('div', { 'class': 'offenders' });
const offendersCard = section('Stacks and advice', offenders);
const timeline = new Timeline(timelineCard, root, openOffender);

document.body.prepend(
  element('header', {}, element('span', { 'class': 'brand' }, 'offloop'), element('span', {}, 'event loop report'), status),
  element('main', {}, stuckBanner, goneBanner, overview, timelineCard, rankingCard, offendersCard),
  element('footer', {}, 'Stalls are times in which the event loop ran nothing else: no request, no timer, no health check.'),
);
let shownOffenders = '';
let heardOf = Date.now();

show(first);
openFromAddress();
addEventListener('hashchange', openFromAddress);
if (live) poll();

function show(report) {
  document.title = `${headline(report)} · offloop`;
  overview.classList.toggle('fine', report.stalls === 0);
  refill(overview, ...summary(report, root));
  timelineCard.hidden = report.timeline.length === 0;
  if (report.timeline.length > 0) timeline.update(report);
  rankingCard.hidden = offendersCard.hidden = report.offenders.length === 0;
  showOffenders(report);
}

/** Rebuilds the list only when the offenders have changed: the reader may be selecting text. */
function showOffenders(report) {
  const text = JSON.stringify(report.offenders);
  if (text === shownOffenders) return;
  shownOffenders = text;
  refill(rankingTable, ranking(report, root));
  refill(offenders, ...offenderList(report, root, openKeys()));
}

function openKeys() {
  if (offenders.childElementCount === 0) return undefined;
  return new Set(Array.from(offenders.querySelectorAll('details[open]'), ({ dataset }) => dataset.key));
}

function openFromAddress() {
  const [, number] = /^#offender-(\d+)$/.exec(location.hash) ?? [];
  if (number !== undefined) openOffender(number - 1);
}

function openOffender(index) {
  const details = offenders.children[index];
  if (details === undefined) return;
  details.open = true;
  details.scrollIntoView();
}

async function poll() {
  const answer = await ask();
  status.textContent = answer === undefined ? `last heard of at ${clock(heardOf)}` : 'live';
  status.classList.toggle('on', answer !== undefined);
  goneBanner.hidden = answer !== undefined;
  if (answer === undefined) goneBanner.textContent = `The process does not answer. This is what it said last, at ${clock(heardOf)}.`;
  else show(answer.report);
  showStuck(answer?.stuck);
  setTimeout(poll, PERIOD);
}

async function ask() {
  try {
    const response = await fetch('./report.json', { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) return undefined;
    const { stuck, ...report } = await response.json();
    heardOf = Date.now();
    return { report, stuck };
  } catch {
    return undefined;
  }
}

function showStuck(stuck) {
  stuckBanner.hidden = !stuck;
  if (!stuck) return;
  const { forMs, where, context } = stuck;
  document.title = `Stuck for ${duration(forMs)} · offloop`;
  // Without this attribute a screen reader would read the figure out every second.
  const time = element('span', { 'aria-live': 'off' }, duration(forMs));
  const place = where ? [' in ', element('code', {}, where)] : ['; where is not known yet'];
  const stores = context && Object.keys(context).length > 0 ? element('small', {}, JSON.stringify(context)) : undefined;
  stuckBanner.replaceChildren('Stuck for ', time, ...place, ...(stores ? [stores] : []));
}
