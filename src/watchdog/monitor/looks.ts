import type { Finding, RawFrame } from '../protocol/findings.ts';
import { callOf, culpritOf, isSameFunction, isStillIts, isUsers, readableStack, withoutInterruptible, withoutJustBegun } from '../report/stack.ts';
import type { Frame } from '../types.ts';

/** A look at the watched thread. */
export interface Look {
  readonly finding: Finding;
  /**
   * From the question to the answer, in ms, less the time spent waiting for a CPU. A thread that answers late was in native code,
   * which no interrupt reaches.
   */
  readonly delay: number;
}

/** An answer takes 0.3 to 0.8 ms where JavaScript runs; this limit, in ms, leaves room for a busy machine. */
const LIVE_MS = 10;

/** Whether the thread answered from JavaScript, in the middle of the function that took the time. */
export function isLive({ delay }: Look): boolean {
  return delay < LIVE_MS;
}

/** How close to the beginning or the end of a stall a look counts as its edge, in ms. */
export function edgeOf(durationMs: number): number {
  return Math.max(LIVE_MS, durationMs * EDGE);
}

/** As a share of the stall: a function that is seen only at the beginning or the end did not cause the stall. */
const EDGE = 0.1;

/** The stack that a look shows to people. */
export function stackOf(look: Look): Frame[] {
  const raw: readonly RawFrame[] = look.finding.frames;
  const stack = readableStack(withoutJustBegun(raw));
  if (!isLive(look)) return withoutInterruptible(stack);
  // A function that has only just begun took no time; but in a flood of short functions there is nothing else to be seen.
  return culpritOf(stack) === undefined ? readableStack(raw) : stack;
}

/** Whether a look found a function that had called what all the others found. */
export function calledAll(look: Look, others: readonly Look[]): boolean {
  const caller = culpritOf(readableStack(look.finding.frames));
  if (caller === undefined || !isLive(look) || others.length === 0) return false;
  const stacks = others.map((other) => readableStack(other.finding.frames).filter((frame) => isUsers(frame) && !frame.isAsync));
  return stacks.every((stack) => stack.findIndex((frame) => isSameFunction(frame, caller)) > 0);
}

/**
 * The findings whose context and task belong to what blocks. Those inside of a function come first, since between two callbacks of a
 * flood there is no context.
 */
export function ownersOf(looks: readonly Look[]): Finding[] {
  const owners = looks.filter((look) => isLive(look) || isStillIts(look.finding.frames)).map(({ finding }) => finding);
  const inFunctions = owners.filter(({ frames }) => culpritOf(readableStack(frames)) !== undefined);
  return inFunctions.length > 0 ? inFunctions : owners;
}

/** The function that was on top in most samples, and what it called then. */
export function topOf(samples: readonly Frame[][]): { culprit: Frame | undefined; call: string | undefined } {
  const tops = samples.map((stack) => ({ culprit: culpritOf(stack), call: callOf(stack) }));
  const most = mostFrequent(tops.filter(({ culprit }) => culprit !== undefined), ({ culprit }) => `${culprit?.file} ${culprit?.function}`);
  const { culprit, call } = most.at(-1) ?? { culprit: undefined, call: undefined };
  // In a loop, a call that was seen once is not what took the time.
  return { culprit, call: most.filter((other) => other.call === call).length > most.length / 2 ? call : undefined };
}

/** The items of the most frequent key; of equally frequent keys, of the one that came last. */
export function mostFrequent<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const byKey = new Map<string, T[]>();
  for (const item of items) byKey.set(keyOf(item), [...(byKey.get(keyOf(item)) ?? []), item]);
  return [...byKey.values()].reduce<T[]>((most, next) => (next.length >= most.length ? next : most), []);
}
