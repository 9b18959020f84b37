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
 * Runs `fn`, waits for what it returns, and fails when the event loop was blocked for longer than `over` meanwhile, by whatever
 * ran. A machine with no CPU to spare, or one that was suspended, is nobody's failure. It starts a watchdog of its own, which
 * takes some 50 ms.
 *
 * @returns what `fn` returns
 * @throws BlockedLoopError (OFFLOOP_BLOCKED_LOOP) with the stack of what blocked; OptionError (OFFLOOP_OPTION); what `fn` throws
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
