import { answer } from './answer.js';
import { roundsPerCpuMs } from './calibrate.js';
import { ask } from './child.js';
import { interleave, median, ratio, spread } from './measure.js';

const TASK_MS = 2;
const FLOOD = 1000;
const floods = {
  alone: { options: { fairBy: true }, flood: 0 },
  fairBy: { options: { fairBy: true }, flood: FLOOD },
  'no fairBy': { options: {}, flood: FLOOD },
};
/** Two plain pools show the noise of the measurement. */
const keys = { 'two plain pools': {}, fairBy: { fairBy: true }, billBy: { billBy: true } };
const figures = {
  'median': { unit: 'ms', digits: 2, of: ({ p50 }) => p50 },
  'p99': { unit: 'ms', digits: 2, of: ({ p99 }) => p99 },
  'tasks of the flood a second': { unit: '/s', digits: 0, of: ({ floodPerSecond }) => floodPerSecond },
};

/** A tenant floods the pool, and another one calls one at a time. And the cost of the keys, where all tasks are trivial. */
export async function fair({ isQuick }) {
  const flooded = await measureFloods(isQuick);
  const trivial = await measureTrivial(isQuick);
  return answer('What does a flood of one tenant do to another one, and what do keys cost?', [...floodRows(flooded), ...trivialRows(trivial)], claims(flooded, trivial));
}

async function measureFloods(isQuick) {
  const settings = { rounds: Math.round(await roundsPerCpuMs() * TASK_MS), ...(isQuick ? { warmUpMs: 200, ms: 300 } : { warmUpMs: 1000, ms: 4000 }) };
  return interleave(mapValues(floods, ({ options, flood }) => () => (
    ask('fair/flood.js', [JSON.stringify(options), JSON.stringify({ ...settings, flood: isQuick ? flood / 10 : flood })])
  )), isQuick ? 1 : 5);
}

/** In pairs within one process, since a cost of 1 % is less than two processes differ by. */
function measureTrivial(isQuick) {
  const slices = isQuick ? { pairs: 2, ms: 100, warmUpMs: 250 } : { pairs: 20, ms: 200, warmUpMs: 2000 };
  return interleave(mapValues(keys, (options) => () => (
    ask('fair/trivial.js', [JSON.stringify(options), JSON.stringify(slices)])
  )), isQuick ? 1 : 2);
}

function floodRows(flooded) {
  return Object.entries(figures).flatMap(([figure, { unit, digits, of }]) => Object.entries(flooded).map(([candidate, sent]) => {
    const { median: middle, 'middle half': half } = spread(sent.map(of), digits);
    return { measured: `tasks of 2 ms beside ${FLOOD.toLocaleString('en-US')} of another tenant: ${figure}`, candidate, unit, median: middle, 'middle half': half };
  }));
}

function trivialRows(trivial) {
  return Object.entries(trivial).map(([candidate, processes]) => {
    const pairs = processes.flat();
    return { measured: 'trivial tasks a second, with / without', candidate, unit: '×', ...spread(pairs.map(({ on, off }) => on / off), 3), n: pairs.length, 'without, per s': Math.round(median(pairs.map(({ off }) => off))) };
  });
}

function claims({ alone, fairBy, 'no fairBy': unfair }, trivial) {
  const [p50, p99] = [figures.median.of, figures.p99.of];
  return [
    claim('one tenant beside 1,000 calls of another one, `fairBy`: p99', fairBy.map(p99), alone.map(p99), { than: 'alone', atMost: 2 }),
    claim('the same: median', fairBy.map(p50), alone.map(p50), { than: 'alone', atMost: 2 }),
    claim('the same: how many times shorter than without `fairBy`, p99', unfair.map(p99), fairBy.map(p99), { than: 'shorter', atLeast: 10 }),
    costClaim('fairBy', trivial, 0.95),
    costClaim('billBy', trivial, 0.99),
  ];
}

function claim(what, values, base, limit) {
  const { median: middle, from, to } = ratio(values, base);
  return { what, value: middle, unit: '×', 'middle half': `${from} to ${to}`, ...limit };
}

function costClaim(option, trivial, atLeast) {
  const { unit, median: value, 'middle half': half } = trivialRows(trivial).find(({ candidate }) => candidate === option);
  return { what: `trivial tasks a second with \`${option}\``, value, unit, 'middle half': half, than: 'without', atLeast };
}

function mapValues(object, fn) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, fn(value)]));
}
