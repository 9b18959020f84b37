import { ask } from './child.js';

const ROUNDS = 10_000;
const TASKS = 20_000;

/**
 * How many rounds of `compute` a thread does in a millisecond while the other core is as busy, since two cores may share one
 * physical core. The fastest of three measurements, because other work on the machine can only slow them down.
 */
export async function roundsPerMs() {
  const perSecond = [];
  for (let i = 0; i < 3; i++) perSecond.push(await ask('processes/ideal.js', ['ideal', JSON.stringify({ rounds: ROUNDS, tasks: TASKS })]));
  return (Math.max(...perSecond) / 2) * ROUNDS / 1000;
}

/** The same by CPU time, for tasks that are to use so much CPU: other work on the machine makes the wall time longer, not the CPU time. */
export function roundsPerCpuMs() {
  return ask('processes/rounds.js', []);
}
