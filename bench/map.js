import { answer, claimOf } from './answer.js';
import { roundsPerMs } from './calibrate.js';
import { ask } from './child.js';
import { interleave, rowsOf } from './measure.js';
import { eager } from './peers/index.js';

const TASK_MS = 0.01;

/**
 * Many tasks of 10 µs that exist from the start. The ideal runs the same tasks in a loop on two threads, half of them on each,
 * without messages and in the same round: so the ideal includes the cost of cores that share resources.
 */
export async function map({ isQuick }) {
  const settings = JSON.stringify({ rounds: Math.round(await roundsPerMs() * TASK_MS), tasks: isQuick ? 8000 : 40_000, warmUpMs: isQuick ? 100 : 2000 });
  const candidates = Object.fromEntries(['ideal', 'offloop', 'offloop, 64 at once', ...eager].map((name) => [name, () => measure(name, settings)]));
  const rows = rowsOf(await interleave(candidates, isQuick ? 1 : 7), 'ideal', 'tasks/s');
  const offloop = rows.find(({ candidate }) => candidate === 'offloop');
  return answer('How much of two threads is left for tasks of 10 µs, 40,000 of them at once?', rows, [
    claimOf(offloop, { what: 'map() of 40,000 tasks of 10 µs', than: 'two threads without messages', atLeast: 0.6 }),
  ]);
}

function measure(name, settings) {
  return ask(name === 'ideal' ? 'processes/ideal.js' : 'processes/map.js', [name, settings]);
}
