import { inCleanRoot } from '../../context/root.ts';
import { clearTimeout, now } from '../../node/clock.ts';
import { unrefTimer } from '../../node/timers.ts';
import type { Learned } from '../learned/learned.ts';
import type { PoolSettings } from '../settings.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';
import { nicenessFor, type Niceness } from './niceness.ts';

/** How often running tasks are looked at while calls wait, in ms. */
const CHECK_EVERY_MS = 10;
/** How old the last look may be when a call is given to a spare. */
const STALE_MS = 25;

/**
 * A call is much shorter than what a task has used when it is expected to take less than half of that. Tasks that are all alike differ by
 * less, and run one after another: running them at a time would only delay the first ones.
 */
const MUCH_SHORTER = 2;

/** The part of the workers that the spares use. */
export interface SparesHost {
  all(): Iterable<PoolWorker>;
  readonly places: { readonly spares: number };
  readonly niceness: Niceness;
}

/**
 * Decides when a worker is added beyond `maxThreads`, and for which calls: one for each aged task, for calls that are expected to be much
 * shorter than what that task has used already. So no light call waits behind heavy ones for long, and heavy tasks still run one after
 * another. (Least attained service, without sizes; compare Tokio's `block_in_place` and .NET's thread injection.)
 */
export class Spares {
  readonly #settings: PoolSettings;
  readonly #host: SparesHost;
  readonly #onOpen: () => void;
  /** The workers of aged tasks, the one that has used most CPU time first. */
  #aged: readonly PoolWorker[] = [];
  #lookedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** @param onOpen called when a spare may run that might not before */
  constructor(settings: PoolSettings, host: SparesHost, onOpen: () => void) {
    this.#settings = settings;
    this.#host = host;
    this.#onOpen = onOpen;
  }

  /** Whether one more spare may run. */
  get isOpen(): boolean {
    return this.#aged.length > 0 && this.#place() !== undefined;
  }

  /** Looks at the aged tasks again, and decides of which classes the next spare may take a call; undefined where none may run. */
  admit(): ((learned: Learned) => boolean) | undefined {
    // Where no call waited, nobody has looked for some time, and an aged task may have begun to wait for something.
    if (now() - this.#lookedAt > STALE_MS) this.#look();
    const place = this.#place();
    if (place === undefined) return undefined;
    const { isLast, usedMs } = place;
    const { agedAfter, spareThreads } = this.#settings;
    // A declared `expected` counts for the only spare.
    const isOnly = spareThreads === 1;
    return ({ expected, isExplored, isKnown }) => {
      if (isLast && !isKnown && !isOnly) return false;
      if (isLast) return expected !== undefined && expected < agedAfter && expected * MUCH_SHORTER <= usedMs;
      return expected === undefined ? !isExplored : expected * MUCH_SHORTER <= usedMs;
    };
  }

  /** Call this when a spare has been given a call: the tasks that it runs beside get a lower priority. */
  stepBack(): void {
    const aged = this.#stillAged();
    const by = nicenessFor(aged.length, this.#settings.maxThreads);
    const { niceness } = this.#host;
    for (const worker of aged) if (worker.loweredBy > 0 || niceness.mayLower(this.#lowered, this.#settings.spareThreads)) niceness.lower(worker, by);
  }

  /** The worker whose task has used most CPU time. */
  get oldest(): PoolWorker | undefined {
    return this.#stillAged()[0];
  }

  /** Call this when calls wait and no worker is free for them. */
  watch(): void {
    if (this.#settings.spareThreads > 0) this.#timer ??= inCleanRoot(() => unrefTimer(() => { this.#check(); }, CHECK_EVERY_MS));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    this.#timer = undefined;
    this.#look();
    this.#onOpen();
  }

  #look(): void {
    this.#lookedAt = now();
    const { agedAfter } = this.#settings;
    const aged: PoolWorker[] = [];
    for (const worker of this.#host.all()) {
      worker.aging.update(worker.engine, worker.beginning.taskStartedAt, agedAfter);
      if (worker.aging.usedMs !== undefined) aged.push(worker);
    }
    this.#aged = aged.sort((one, other) => other.aging.usedMs! - one.aging.usedMs!);
  }

  #place(): { readonly usedMs: number; readonly isLast: boolean } | undefined {
    const { spares } = this.#host.places;
    const { spareThreads } = this.#settings;
    const worker = spares < spareThreads ? this.#stillAged()[spares] : undefined;
    return worker && { usedMs: worker.aging.usedMs!, isLast: spares === spareThreads - 1 };
  }

  #stillAged(): readonly PoolWorker[] {
    return this.#aged.filter(({ aging, isGone }) => aging.usedMs !== undefined && !isGone);
  }

  get #lowered(): number {
    return [...this.#host.all()].filter(({ loweredBy }) => loweredBy > 0).length;
  }
}
