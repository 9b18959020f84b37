import type { IdleWorkers } from './idle.ts';
import type { Launcher } from './life/launcher.ts';
import type { PoolWorker } from './pool-worker.ts';

/** The part of the workers that the places use. */
export interface PlacesHost {
  /** All of them: those that are not idle run. */
  readonly workers: ReadonlySet<PoolWorker>;
  /** How many may run, besides the spares: `maxThreads`, or less where they do not get the CPU. */
  readonly capacity: { readonly threads: number };
  readonly launcher: Pick<Launcher, 'canStart' | 'isPutOff'>;
  start(): PoolWorker | undefined;
}

/** Says how many workers may run at a time, and gives them out: idle ones first, then new ones. */
export class Places {
  readonly #idle: IdleWorkers;
  readonly #host: PlacesHost;
  #spares = 0;
  #sparesStarted = 0;

  constructor(idle: IdleWorkers, host: PlacesHost) {
    this.#idle = idle;
    this.#host = host;
  }

  /** How many workers run beyond `maxThreads`. */
  get spares(): number {
    return this.#spares;
  }

  /** How many workers were started beyond `maxThreads`. */
  get sparesStarted(): number {
    return this.#sparesStarted;
  }

  /** Whether a worker is idle or may be started, and is no spare. */
  get hasFree(): boolean {
    return this.#hasPlace && (this.#idle.size > 0 || this.#host.launcher.canStart());
  }

  /** How many calls wait, or may wait, for nothing but the end of workers that are ending: their places are free. */
  get promised(): number {
    return this.#host.launcher.isPutOff ? Math.max(0, this.#free) : 0;
  }

  /** An idle worker, or a new one; undefined when all are busy. @param isHeavy whether it is for a call that is expected to be heavy */
  take(isHeavy: boolean): PoolWorker | undefined {
    return this.#hasPlace ? this.#takeAny(isHeavy) : undefined;
  }

  /** The same beyond `maxThreads`. */
  takeSpare(): PoolWorker | undefined {
    const idle = this.#idle.size;
    const worker = this.#takeAny(false);
    if (worker === undefined) return undefined;
    worker.isSpare = true;
    this.#spares++;
    // An idle one may still be starting, too: it was started to keep `minThreads`, or for a call that was then given up.
    if (this.#idle.size === idle) this.#sparesStarted++;
    return worker;
  }

  putBack(worker: PoolWorker): void {
    this.leave(worker);
    this.#idle.push(worker);
  }

  /** Call this when the worker is done with its message, or is gone. */
  leave(worker: PoolWorker): void {
    if (worker.isSpare) this.#spares--;
    worker.isSpare = false;
  }

  get #hasPlace(): boolean {
    return this.#free > 0;
  }

  get #free(): number {
    const { workers, capacity } = this.#host;
    return capacity.threads - (workers.size - this.#idle.size - this.#spares);
  }

  /** A worker whose priority stays lowered is for heavy calls. */
  #takeAny(isHeavy: boolean): PoolWorker | undefined {
    if (isHeavy) return this.#idle.pop(true) ?? this.#idle.pop(false) ?? this.#host.start();
    return this.#idle.pop(false) ?? this.#host.start() ?? this.#idle.pop(true);
  }
}
