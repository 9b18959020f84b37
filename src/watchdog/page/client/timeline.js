/* global matchMedia, ResizeObserver, uPlot */
import { element, pathLine, symbol } from './dom.js';
import { drawStall } from './drawing.js';
import { clock, culpritName, duration, place } from './format.js';
import { kindMeaning, kindNames, kindOf } from './kinds.js';
import { axes, durationRange, spanOf } from './scales.js';

const HEIGHT = 260;
/** How close to a stall the pointer selects it, in CSS pixels. */
const REACH = 24;
const MARGIN = 14;

/** Shows when the event loop was blocked, and for how long. `onPick` gets the index of the offender whose stall was clicked. */
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
        // A new report keeps the zoom.
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

  /** Zooms in to the time between two pixels, or zooms out where no pixels are given. */
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

  /** Places the tooltip beside the stall, inside of the plot. */
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

/** Finds a stall by time alone, since the stalls of one event loop never overlap. */
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
