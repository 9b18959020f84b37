/* global document, getComputedStyle, matchMedia, ResizeObserver, uPlot */
import { element, pathLine, symbol } from './dom.js';
import { clock, culpritName, duration, place } from './format.js';
import { kindMeaning, kindNames, kindOf, kindShape } from './kinds.js';

const HEIGHT = 260;
/** How far from a stall the pointer still means it, in CSS pixels. */
const REACH = 24;
const MARGIN = 14;

/** When the loop was blocked and for how long. `onPick` gets the index of the offender whose stall was clicked. */
export class Timeline {
  #report;
  #stalls = [];
  #hovered = -1;
  #plot;
  #zoom;
  #root;
  #tooltip = element('div', { 'class': 'tooltip', 'aria-hidden': 'true' });
  #canvas = element('div', { 'class': 'plot', 'role': 'img' });
  #legend = element('ul', { 'class': 'legend' });
  #caption = element('p', { 'class': 'caption' });
  #zoomOut = element('button', { 'type': 'button', 'hidden': '' }, 'Zoom out');

  constructor(container, root, onPick) {
    this.#root = root;
    container.append(this.#legend, this.#canvas, this.#zoomOut, this.#caption);
    this.#zoomOut.addEventListener('click', () => this.#zoomTo());
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot?.redraw(false));
    this.#canvas.addEventListener('click', () => {
      const offender = this.#stalls[this.#hovered]?.offender ?? -1;
      if (offender >= 0) onPick(offender);
    });
  }

  update(report) {
    const hovered = this.#stalls[this.#hovered]?.startedAt;
    this.#report = report;
    this.#stalls = report.timeline.toSorted((a, b) => a.startedAt - b.startedAt);
    this.#hovered = this.#stalls.findIndex(({ startedAt }) => startedAt === hovered);
    const data = [this.#stalls.map(({ startedAt }) => startedAt / 1000), this.#stalls.map((stall) => stall.duration)];
    if (this.#plot === undefined) this.#create(data);
    else this.#plot.setData(data);
    this.#legend.replaceChildren(...legend(report));
    this.#describe();
  }

  #create(data) {
    this.#plot = new uPlot({
      ...this.#size(),
      padding: [14, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      scales: {
        // Who has zoomed in stays there when a new report comes.
        x: { range: () => this.#zoom ?? spanOf(this.#report, this.#stalls) },
        y: { distr: 3, range: () => durationRange(this.#stalls) },
      },
      series: [{}, { paths: () => null, points: { show: false } }],
      axes: axes(),
      hooks: {
        draw: [(plot) => this.#draw(plot)],
        setCursor: [(plot) => this.#hover(plot)],
        setSelect: [({ select: { left, width } }) => { if (width > 0) this.#zoomTo(left, left + width); }],
      },
    }, data, this.#canvas);
    this.#plot.over.append(this.#tooltip);
  }

  /** To what lies between two pixels; with none, out again. */
  #zoomTo(...pixels) {
    this.#zoom = pixels.length > 0 ? pixels.map((x) => this.#plot.posToVal(x, 'x')) : undefined;
    this.#plot.setSelect({ left: 0, width: 0 }, false);
    this.#plot.setData(this.#plot.data);
    this.#zoomOut.hidden = this.#zoom === undefined;
  }

  #size() {
    return { width: Math.max(200, this.#canvas.clientWidth), height: HEIGHT };
  }

  #describe() {
    const { stalls, timeline } = this.#report;
    const shown = stalls > timeline.length ? `The latest ${timeline.length.toLocaleString('en')} stalls. ` : '';
    this.#caption.textContent = `${shown}The scale of the durations is logarithmic. Drag to zoom in, click a stall for its stack.`;
    this.#canvas.setAttribute('aria-label', `Timeline of the stalls; the table below has the same in figures. ${shown}`);
  }

  #draw(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, 0, bbox.width + bbox.left, bbox.top + bbox.height);
    ctx.clip();
    this.#stalls.forEach((stall, index) => drawStall(plot, stall, kindOf(this.#report, stall), index === this.#hovered));
    ctx.restore();
  }

  #hover(plot) {
    const { left } = plot.cursor;
    const index = left >= 0 ? nearest(plot, this.#stalls, left) : -1;
    if (index === this.#hovered) return;
    this.#hovered = index;
    plot.over.classList.toggle('pointing', index >= 0);
    plot.redraw(false, false);
    const stall = this.#stalls[index];
    this.#tooltip.replaceChildren(...(stall ? tooltip(stall, this.#report, this.#root) : []));
    if (stall) this.#place(plot, stall);
  }

  /** Beside the stall, and never beyond the edges. */
  #place(plot, stall) {
    const { offsetWidth, offsetHeight } = this.#tooltip;
    const { clientWidth, clientHeight } = plot.over;
    const start = plot.valToPos(stall.startedAt / 1000, 'x');
    const end = plot.valToPos((stall.startedAt + stall.duration) / 1000, 'x') + MARGIN;
    const isRoom = end + offsetWidth <= clientWidth;
    const left = Math.max(0, isRoom ? end : start - MARGIN - offsetWidth);
    const middle = plot.valToPos(stall.duration, 'y') - offsetHeight / 2;
    const top = Math.max(0, Math.min(clientHeight - offsetHeight, middle));
    this.#tooltip.style.transform = `translate(${left}px, ${top}px)`;
  }
}

function drawStall(plot, stall, kind, isHovered) {
  const { ctx, bbox } = plot;
  const scale = uPlot.pxRatio;
  const left = plot.valToPos(stall.startedAt / 1000, 'x', true);
  const right = Math.max(left + 2 * scale, plot.valToPos((stall.startedAt + stall.duration) / 1000, 'x', true));
  const top = plot.valToPos(stall.duration, 'y', true);
  ctx.fillStyle = colour(`--${kind}`);
  ctx.globalAlpha = isHovered ? 0.5 : 0.22;
  ctx.fillRect(left, top, right - left, bbox.top + bbox.height - top);
  ctx.globalAlpha = 1;
  drawShape(ctx, kindShape(kind), (left + right) / 2, top, (isHovered ? 15 : 11) * scale);
}

function drawShape(ctx, points, x, y, size) {
  ctx.beginPath();
  for (const [dx, dy] of points) ctx.lineTo(x + (dx - 0.5) * size, y + (dy - 0.5) * size);
  ctx.closePath();
  ctx.fill();
  // Where they lie close together, a rim keeps them apart.
  ctx.strokeStyle = colour('--card');
  ctx.lineWidth = uPlot.pxRatio;
  ctx.stroke();
}

/** Stalls of one loop never overlap: the time alone tells them apart. */
function nearest(plot, stalls, left) {
  const distances = stalls.map(({ startedAt, duration }) => {
    const start = plot.valToPos(startedAt / 1000, 'x');
    const end = plot.valToPos((startedAt + duration) / 1000, 'x');
    return Math.max(start - left, left - end, 0);
  });
  const smallest = Math.min(...distances);
  return smallest <= REACH ? distances.indexOf(smallest) : -1;
}

function tooltip(stall, report, root) {
  const offender = report.offenders[stall.offender];
  const kind = kindOf(report, stall);
  const name = offender ? culpritName(offender) : 'one of the others';
  const where = offender?.culprit && pathLine(place(offender.culprit, root));
  const facts = element('span', { 'class': 'kind' }, symbol(kind), `${duration(stall.duration)} at ${clock(stall.startedAt)}, ${kind}`);
  return [element('code', {}, name), where, facts].filter(Boolean);
}

function legend(report) {
  const totals = new Map();
  for (const { kind, totalMs } of report.offenders) totals.set(kind, (totals.get(kind) ?? 0) + totalMs);
  if (report.others.count > 0) totals.set('other', report.others.totalMs);
  return kindNames().filter((kind) => totals.has(kind)).map((kind) => (
    element('li', { 'class': 'kind', 'title': kindMeaning(kind) }, symbol(kind), `${kind} `, element('small', {}, duration(totals.get(kind))))
  ));
}

/** In seconds; from the first stall that is known, where earlier ones are not. */
function spanOf({ since, until, stalls, timeline }, known) {
  const first = known[0].startedAt;
  const last = known.at(-1);
  const start = stalls > timeline.length ? first : Math.min(since, first);
  const end = Math.max(until, last.startedAt + last.duration);
  return [start / 1000, Math.max(end, start + 100) / 1000];
}

/** At least from one to ten, and not up to the edge. */
function durationRange(stalls) {
  const durations = stalls.map((stall) => Math.max(0.1, stall.duration));
  const min = Math.min(...durations) * 0.6;
  return [min, Math.max(Math.max(...durations) * 1.7, min * 10)];
}

function axes() {
  const shared = { stroke: () => colour('--muted'), font: `12px ${getComputedStyle(document.body).fontFamily}` };
  const grid = { stroke: () => colour('--line'), width: 1 };
  const x = { ...shared, size: 32, grid: { show: false }, ticks: grid, space: 90, values: (_plot, splits, _axis, _space, step) => splits.map((at) => clock(at * 1000, step)) };
  const y = { ...shared, grid, ticks: { show: false }, size: 62, splits: (_plot, _axis, min, max) => roundDurations(min, max), filter: (_plot, splits) => splits, values: (_plot, splits) => splits.map(duration) };
  return [x, y];
}

function roundDurations(min, max) {
  const steps = max / min > 2000 ? [1] : max / min > 60 ? [1, 3] : [1, 2, 5];
  const powers = Array.from({ length: 12 }, (_, power) => 10 ** (power - 1));
  return powers.flatMap((power) => steps.map((step) => step * power)).filter((value) => value >= min && value <= max);
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}
