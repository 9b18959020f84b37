import { guard } from './guard.ts';
import type { GuardOptions } from './guard-options.ts';

/**
 * Sets how long a test may block the event loop, in place of what the environment says. Call it at the top of a setup file.
 * @throws OptionError (OFFLOOP_OPTION) when the options are wrong, or when the first test has been started
 */
export function configure(options: GuardOptions): void {
  guard.configure(options);
}

/**
 * Runs `fn`, which may block the event loop, for a promise until it settles, and fails no test for it.
 * @throws OptionError (OFFLOOP_OPTION); what `fn` throws
 *
 * @example
 * const key = expectBlock('the key is derived once', () => pbkdf2Sync(…));
 */
export function expectBlock<R>(why: string, fn: () => R): R {
  return guard.expectBlock(why, fn);
}
