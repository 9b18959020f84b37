import { answer, claimOf } from './answer.js';
import { roundsPerCpuMs } from './calibrate.js';
import { pick, rowsOf } from './measure.js';
import { measurePools } from './pools.js';

/** A measurement has few tasks and is repeated often: a difference of 2 % is small beside the noise. */
const kinds = {
  '5 ms': { taskMs: 5, tasks: 200, warmUpTasks: 100, rounds: 20 },
  '200 ms': { taskMs: 200, tasks: 8, warmUpTasks: 4, rounds: 16 },
  '2 s': { taskMs: 2000, tasks: 4, warmUpTasks: 2, rounds: 5 },
};
const NO_SPARES = 'offloop, spareThreads: 0';
const figures = { 'tasks a second': { key: 'perSecond', unit: 'tasks/s' }, 'mean latency': { key: 'mean', unit: 'ms' } };

/** Tasks that are all alike: to run several of them at a time on one core would only double their mean time, so no spare may start. */
export async function alike({ isQuick }) {
  const perMs = await roundsPerCpuMs();
  const rows = [];
  const claims = [];
  for (const [kind, settings] of Object.entries(isQuick ? { '5 ms': { ...kinds['5 ms'], tasks: 20, warmUpTasks: 10, rounds: 1 } } : kinds)) {
    const measured = await measureKind(perMs, settings);
    rows.push(...rowsOfKind(kind, measured));
    claims.push(...claimsOf(kind, rows, measured));
  }
  return answer('What do spares do to tasks that are all alike?', rows, claims);
}

function measureKind(perMs, { taskMs, tasks, warmUpTasks, rounds }) {
  return measurePools('alike.js', ['offloop, defaults', NO_SPARES], { rounds: Math.round(perMs * taskMs), tasks, warmUpTasks }, rounds);
}

function rowsOfKind(kind, measured) {
  return Object.entries(figures).flatMap(([figure, { key, unit }]) => rowsOf(pick(measured, key), NO_SPARES, unit)
    .map((row) => ({ measured: `tasks of ${kind}: ${figure}`, ...row })));
}

function claimsOf(kind, rows, measured) {
  const own = (figure) => rows.find((row) => row.measured === `tasks of ${kind}: ${figure}` && row.candidate !== NO_SPARES);
  const spares = measured['offloop, defaults'].reduce((sum, sent) => sum + sent.spares, 0);
  return [
    claimOf(own('tasks a second'), { what: `tasks that are all alike, ${kind}: throughput`, than: 'spareThreads: 0', atLeast: 0.98 }),
    claimOf(own('mean latency'), { what: 'the same: mean latency', than: 'spareThreads: 0', atMost: 1.02 }),
    { what: 'the same: spares that started after the warm-up', value: spares, unit: 'spares', atMost: 0 },
  ];
}
