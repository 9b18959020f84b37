import { epochNow, now } from '../node/clock.ts';
import { OptionError } from '../errors.ts';
import { shared } from '../shared/shared.ts';
import { normalizeWatchdogOptions } from '../watchdog/options.ts';
import type { Stall } from '../watchdog/types.ts';
import { MainWatchdog } from '../watchdog/main/main-watchdog.ts';
import { BlockedLoopError } from './errors.ts';
import { normalizeGuardOptions, type GuardOptions, type GuardSettings } from './guard-options.ts';
import { worstOf } from './stalls.ts';

/** `now()` as epoch ms, whatever a test makes of `Date` later. */
const epoch = epochNow() - now();
/** A stall is told in whole ms. */
const ROUNDING = 2;

/** A test that runs, from an instant of `now()` on. */
export interface Watched {
  readonly since: number;
}

/** Watches the tests of this thread, by one watchdog, and fails those that block the event loop for too long. */
class LoopGuard {
  #options: GuardOptions = {};
  #settings: GuardSettings | undefined;
  #watchdog: MainWatchdog | undefined;
  readonly #running = new Set<Watched>();
  /** Since the first of the tests that run began. */
  readonly #stalls: Stall[] = [];

  /** @throws OptionError (OFFLOOP_OPTION) when the options are wrong, or when a test has been started */
  configure(options: GuardOptions): void {
    normalizeGuardOptions(options, {});
    if (this.#watchdog !== undefined) throw new OptionError('configure() was called after the first test had been started: call it at the top of a setup file.');
    this.#options = { ...options };
  }

  /** Resolves when the loop is watched. */
  async start(): Promise<void> {
    await this.#started().ready();
  }

  expectBlock<R>(why: string, fn: () => R): R {
    return this.#started().expectBlock(why, fn);
  }

  async begin(): Promise<Watched> {
    await this.start();
    if (this.#running.size === 0) this.#stalls.length = 0;
    // Hooks, and the tests before, often belong to the same turn of the loop.
    this.#watchdog?.restart();
    const watched = { since: now() };
    this.#running.add(watched);
    return watched;
  }

  /** @throws BlockedLoopError (OFFLOOP_BLOCKED_LOOP) */
  async end(watched: Watched, name: string): Promise<void> {
    const until = now();
    const over = this.#settings?.over ?? Infinity;
    // Most tests are shorter: there is nothing to wait for.
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

/** One for all that watches the tests of this thread. */
export const guard = shared('test guard', () => new LoopGuard());

/** For how many ms of a test the loop was blocked. */
function overlap({ startedAt, duration }: Stall, since: number, until: number): number {
  return Math.min(startedAt + duration, until + epoch) - Math.max(startedAt, since + epoch);
}
