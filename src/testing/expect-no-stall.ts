import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { checkOptions } from '../validation/options.ts';
import { normalizeWatchdogOptions, thresholdRule } from '../watchdog/options.ts';
import type { Stall } from '../watchdog/types.ts';
import { MainWatchdog } from '../watchdog/main/main-watchdog.ts';
import { BlockedLoopError } from './errors.ts';
import { worstOf } from './stalls.ts';

export interface NoStallOptions {
  /** How long the event loop may be blocked, in ms. Default 100, at least 10. */
  over?: number;
}

/**
 * Runs `fn`, awaits its result, and fails when any code blocked the event loop for longer than `over` meanwhile. A stall of the kinds
 * `starved` and `suspended` fails nothing, since the machine caused it. Each call starts a watchdog, which takes some 50 ms.
 *
 * @returns the result of `fn`
 * @throws BlockedLoopError (OFFLOOP_BLOCKED_LOOP) with the stack of the function that blocked; OptionError (OFFLOOP_OPTION); the error of `fn`
 *
 * @example
 * await expectNoStall(() => handle(request), { over: 50 });
 */
export async function expectNoStall<R>(fn: () => R, options: NoStallOptions = {}): Promise<Awaited<R>> {
  if (typeof fn !== 'function') throw new OptionError(`expectNoStall(): expected a function to run, got ${describe(fn)}.`);
  const { over = 100 } = checkOptions<NoStallOptions>('expectNoStall()', options, { over: thresholdRule });
  const stalls: Stall[] = [];
  const watchdog = new MainWatchdog(normalizeWatchdogOptions({ threshold: over, log: false, sampling: false, onStall: (stall) => stalls.push(stall) }), undefined);
  try {
    await watchdog.ready();
    watchdog.restart();
    stalls.length = 0;
    const result = await fn();
    await watchdog.settle();
    const stall = worstOf(stalls);
    if (stall !== undefined) throw new BlockedLoopError('expectNoStall()', stall, over);
    return result;
  } finally {
    await watchdog.stop();
  }
}
