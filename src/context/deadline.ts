import { AsyncLocalStorage } from 'node:async_hooks';

import { Math } from '../node/intrinsics.ts';
import { callersEpoch } from '../node/clock.ts';
import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { rules } from '../validation/options.ts';
import { shared } from '../shared/shared.ts';

/** Epoch ms; entered by `withDeadline` and by a running task. */
const deadlines = shared('deadlines', () => new AsyncLocalStorage<number>());

/**
 * Gives everything that `fn` calls, in workers too, at most `ms` milliseconds from now. Deadlines nest: a child's is the
 * nearer of the two. Waiting work whose deadline passes is never started.
 * @returns what `fn` returns. It does not itself wait or stop `fn`: tasks called in it reject with DeadlineExceededError.
 * @throws OptionError (OFFLOOP_OPTION)
 */
export function withDeadline<R>(ms: number, fn: () => R): R {
  if (!rules.ms.is(ms)) throw new OptionError(`withDeadline(): expected ${rules.ms.expected}, got ${describe(ms)}.`);
  if (typeof fn !== 'function') throw new OptionError(`withDeadline(): expected a function to run, got ${describe(fn)}.`);
  return enterDeadline(callersEpoch() + ms, fn);
}

/** Epoch ms of the deadline in force, if there is one. */
export function currentDeadline(): number | undefined {
  return deadlines.getStore();
}

export function enterDeadline<R>(deadline: number, fn: () => R): R {
  return deadlines.run(nearer(deadline, currentDeadline()) ?? deadline, fn);
}

export function nearer(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
