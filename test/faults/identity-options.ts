import { capture, type RunOptions } from 'offloop';

import type { Random } from './identity-random.ts';
import { enter, type Stores } from './identity-stores.ts';

/*
 * The options of a call.
 */

/** @param aborts gets the controller of its signal */
export function optionsFor(random: Random, n: number, deed: string, aborts: AbortController[]): RunOptions {
  const isEndless = deed === 'spins' || deed === 'hangs';
  const options: RunOptions = {};
  if (random.chance(isEndless ? 0.4 : 0.08)) options.signal = signalFor(random, n, aborts);
  if (random.chance(0.05)) options.deadline = Date.now() + (random.chance(0.3) ? random.between(0, 10) : 60_000 + 10_000 * random.between(0, 100));
  if (random.chance(0.05) || (isEndless && options.signal === undefined)) options.timeout = random.between(1, 15);
  if (random.chance(0.1)) options.priority = random.between(-1, 1);
  if (random.chance(0.03)) options.context = 'none';
  if (random.chance(0.03)) options.context = capture();
  return options;
}

function signalFor(random: Random, n: number, aborts: AbortController[]): AbortSignal {
  const controller = new AbortController();
  aborts.push(controller);
  const abort = (): void => { controller.abort(new Error(`abort of ${n}`)); };
  const when = random.between(-3, 10);
  if (when === -3) abort();
  if (when === -2) queueMicrotask(abort);
  if (when === -1) setImmediate(abort);
  if (when >= 0) setTimeout(abort, when);
  return controller.signal;
}

/** Calls as the option says, in these stores. */
export function enterAs(context: RunOptions['context'], stores: Stores, options: RunOptions, run: () => Promise<unknown>): Promise<unknown> {
  if (typeof context !== 'object') return enter(stores, run);
  // The stores are captured at another place than the call.
  options.context = enter(stores, capture);
  return run();
}
