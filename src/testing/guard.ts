import { epochNow, now } from '../node/clock.ts';
import { OptionError } from '../errors.ts';
import { shared } from '../shared/shared.ts';
import { normalizeWatchdogOptions } from '../watchdog/options.ts';
import type { Stall } from '../watchdog/types.ts';
import { MainWatchdog } from '../watchdog/main/main-watchdog.ts';
import { BlockedLoopError } from './errors.ts';
import { normalizeGuardOptions, type GuardOptions, type GuardSettings } from './guard-options.ts';
import { worstOf } from './stalls.ts';

/** The difference between epoch ms and `now()`, taken before a test can fake `Date`. */
const epoch = epochNow() - now();
/** In ms: a stall starts at a whole millisecond. */
const ROUNDING = 2;

/** A test that runs, since an instant of `now()`. */
export interface Watched {
  readonly since: number;
}

/** Watches the tests of this thread, by one watchdog, and fails those that block the event loop for too long. */
class LoopGuard {
  #options: GuardOptions = {};
  #settings: GuardSettings | undefined;
  #watchdog: MainWatchdog | undefined;
  readonly #running = new Set<Watched>();
  /** The stalls since the first of the running tests began. */
  readonly #stalls: Stall[] = [];

  /** @throws OptionError (OFFLOOP_OPTION) when the options are wrong, or when a test has been started */
  configure(options: GuardOptions): void {
    normalizeGuardOptions(options, {});
    if (this.#watchdog !== undefined) throw new OptionError('configure() was called after the first test had been started: call it at the top of a setup file.');
    this.#options = { ...options };
  }

  /** Resolves when the event loop is watched. */
  async start(): Promise<void> {
    await this.#started().ready();
  }

  expectBlock<R>(why: string, fn: () => R): R {
    return this.#started().expectBlock(why, fn);
  }

  async begin(): Promise<Watched> {
    await this.start();
    if (this.#running.size === 0) this.#stalls.length = 0;
    // Hooks and earlier tests often run in the same turn of the event loop, and must not count.
    this.#watchdog?.restart();
    const watched = { since: now() };
    this.#running.add(watched);
    return watched;
  }

  /** @throws BlockedLoopError (OFFLOOP_BLOCKED_LOOP) */
  async end(watched: Watched, name: string): Promise<void> {
    const until = now();
    const over = this.#settings?.over ?? Infinity;
    // Most tests are shorter than the limit, and have no stall to wait for.
    if (until - watched.since >= over) await this.#watchdog?.settle();
    this.#running.delete(watched);
    const stall = worstOf(this.#stalls.filter((one) => overlap(one, watched.since, until) >= over - ROUNDING));
    if (stall !== undefined) throw new BlockedLoopError(`The test '${name}'`, stall, over);
  }

  #started(): MainWatchdog {
    if (this.#watchdog !== undefined) return this.#watchdog;
    this.#settings = normalizeGuardOptions(this.#options, process.env);
    const { over: threshold, log, abortAfter } = this.#settings;
    const onStall = (stall: Stall): void => void this.#stalls.push(stall);
    const settings = normalizeWatchdogOptions({ ...{ threshold, log, sampling: false, onStall }, ...(abortAfter !== undefined && { abortAfter }) });
    return (this.#watchdog = new MainWatchdog(settings, undefined));
  }
}

/** The one guard of this thread, which all tests share. */
export const guard = shared('test guard', () => new LoopGuard());

/**
 * Sets how long a test may block the event loop, and overrides the environment variables. Call it at the top of a setup file.
 * @throws OptionError (OFFLOOP_OPTION) when the options are wrong, or when the first test has been started
 */
export function configure(options: GuardOptions): void {
  guard.configure(options);
}

/**
 * Runs `fn`, which may block the event loop, for a promise until it settles: no test fails for that block.
 * @throws OptionError (OFFLOOP_OPTION); the error of `fn`
 *
 * @example
 * const key = expectBlock('the key is derived once', () => pbkdf2Sync(…));
 */
export function expectBlock<R>(why: string, fn: () => R): R {
  return guard.expectBlock(why, fn);
}

/** For how many ms of a test the loop was blocked. */
function overlap({ startedAt, duration }: Stall, since: number, until: number): number {
  return Math.min(startedAt + duration, until + epoch) - Math.max(startedAt, since + epoch);
}
