import { answer, claimOf } from './answer.js';
import { ask } from './child.js';
import { interleave, pick, rowsOf, spread } from './measure.js';
import { eager } from './peers/index.js';
import { bestPeer } from './pools.js';

const MEMORY = 'heap per queued task';
const TIME = 'time until 100,000 are done';

/**
 * 100,000 trivial tasks that are called at once. Measures how much of the main thread's heap each task takes while it waits,
 * the caller's promise included, and how long all tasks take. Messages that a pool has already posted to its workers lie
 * outside of the heap and are not counted.
 */
export async function queued({ isQuick }) {
  const settings = JSON.stringify({ tasks: isQuick ? 10_000 : 100_000 });
  const candidates = Object.fromEntries(['no pool, only promises', 'offloop', ...eager].map((name) => [name, () => measure(name, settings)]));
  const sent = await interleave(candidates, isQuick ? 1 : 7);
  const { 'no pool, only promises': _, ...pooled } = sent;
  const times = pick(pooled, 'ms');
  const best = bestPeer(times, Math.min);
  const rows = [
    ...Object.entries(pick(sent, 'bytes')).map(([candidate, bytes]) => ({ measured: MEMORY, candidate, unit: 'bytes', ...middleOf(bytes) })),
    ...rowsOf(times, best, 'ms').map((row) => ({ measured: TIME, ...row })),
  ];
  return answer('What do 100,000 waiting tasks cost?', rows, claims(rows.filter(({ candidate }) => candidate === 'offloop'), best));
}

function measure(name, settings) {
  return ask('processes/queued.js', [name, settings], { execArgv: ['--expose-gc'] });
}

function claims([memory, time], best) {
  return [
    { what: '100,000 queued tasks: heap for each, its promise included', value: memory.median, unit: 'bytes', 'middle half': memory['middle half'], atMost: 500 },
    claimOf(time, { what: '100,000 queued tasks: time until they are done', than: best, atMost: 0.5 }),
  ];
}

function middleOf(values) {
  const { median, 'middle half': half } = spread(values, 0);
  return { median, 'middle half': half };
}
