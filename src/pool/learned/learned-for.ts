import { OptionError } from '../../errors.ts';
import type { TaskRecord } from '../../task/registry.ts';
import { describe, errorText } from '../../validation/describe.ts';
import type { TaskTimings } from '../calls/stats.ts';
import { laneOf, Learned, type Neighbour } from './learned.ts';

/** Added to the lane of what the user expects: such classes are apart from those of sizes, which are below. */
const EXPECTED = 64;

/**
 * Finds the knowledge about runs like that of a call: of the same task, with arguments of about the same size, or, where the task has a function
 * `expected`, with about the same expected run time. That function tells calls apart that have the same size, such as `fibonacci(20)` and
 * `fibonacci(40)`.
 * @param sizeClass of the arguments: see size-class.ts
 * @throws OptionError (OFFLOOP_OPTION) where `expected` throws, or returns no duration
 */
export function learnedFor(timings: TaskTimings, task: TaskRecord, args: readonly unknown[], sizeClass: number): Learned {
  const { expected } = task;
  if (typeof expected !== 'function') return learnedOf(timings, sizeClass, expected);
  const ms = durationOf(task.name, () => expected(...args));
  return learnedOf(timings, EXPECTED + laneOf(ms), ms);
}

function learnedOf(timings: TaskTimings, argumentClass: number, declared: number | undefined): Learned {
  const { learned } = timings;
  return (learned[argumentClass] ??= new Learned(timings, declared, neighbourOf(argumentClass, learned)));
}

/** The nearest class about which something is known: the next larger one, else the next smaller one. Classes are powers of two. */
function neighbourOf(argumentClass: number, known: readonly (Learned | undefined)[]): Neighbour | undefined {
  const larger = known.find((one, at) => one !== undefined && at > argumentClass);
  if (larger !== undefined) return { learned: larger, factor: 1 };
  const smaller = known.findLastIndex((one) => one !== undefined);
  return smaller === -1 ? undefined : { learned: known[smaller]!, factor: 2 ** (argumentClass - smaller) };
}

function durationOf(task: string, read: () => unknown): number {
  let ms: unknown;
  try {
    ms = read();
  } catch (cause) {
    throw new OptionError(`The call of the task '${task}' was refused: its \`expected\` threw ${errorText(cause)}. Let it return a number of milliseconds for all arguments.`, { cause });
  }
  if (typeof ms === 'number' && ms >= 0 && ms < Infinity) return ms;
  throw new OptionError(`The call of the task '${task}' was refused: expected its \`expected\` to return a finite number of milliseconds, 0 or more, got ${describe(ms)}.`);
}
