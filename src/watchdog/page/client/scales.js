/* global document, getComputedStyle */
import { colour } from './drawing.js';
import { clock, duration } from './format.js';

/** The span of the time axis, in seconds. The span starts at the first stall of the timeline where earlier stalls were left out of the timeline. */
export function spanOf({ since, until, stalls, timeline }, known) {
  const first = known[0].startedAt;
  const last = known.at(-1);
  const start = stalls > timeline.length ? first : Math.min(since, first);
  const end = Math.max(until, last.startedAt + last.duration);
  return [start / 1000, Math.max(end, start + 100) / 1000];
}

/** The range of the axis of durations: at least a factor of ten, with some room at the edges. */
export function durationRange(stalls) {
  const durations = stalls.map((stall) => Math.max(0.1, stall.duration));
  const min = Math.min(...durations) * 0.6;
  return [min, Math.max(Math.max(...durations) * 1.7, min * 10)];
}

export function axes() {
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
