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
 * Sets a deadline, `ms` milliseconds from now, for all tasks that `fn` calls, in workers too. Deadlines nest: a child's deadline is the
 * nearer of the two. A task that still waits when its deadline passes is never started.
 * @returns what `fn` returns. `withDeadline()` neither waits for `fn` nor stops it: tasks called in `fn` reject with DeadlineExceededError.
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
