import { now } from '../../../node/clock.ts';
import { shared } from '../../../shared/shared.ts';
import { unrefTimer } from '../../../node/timers.ts';

/** How long the inspector waits for workers that are ending before it attaches, in ms. */
const CALM_LIMIT_MS = 250;

/** A worker thread that may end by itself at any moment. */
export interface LockedWorker {
  /** Whether the thread has begun to end. The thread sets this before it reads `InspectorLock.flag`. */
  isEnding(): boolean;
  readonly gone: Promise<unknown>;
}

/**
 * Keeps the inspector from attaching to a thread that is ending. Node (20 to 26) then ends the whole process without a message, since it
 * takes a lock that is gone (`MainThreadInterface::Post`), and the inspector attaches to all threads, whichever is asked. So no worker is
 * ended while the inspector attaches, a worker that ends by itself (`process.exit()`, an uncaught exception) waits for a moment, and the
 * inspector does not attach while a worker is ending. Not protected: threads that are not offloop's, and a thread that runs out of memory.
 */
export class InspectorLock {
  /** 1 while the inspector attaches. */
  readonly flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #workers = new Set<LockedWorker>();
  #last: Promise<unknown> = Promise.resolve();
  #current: Promise<unknown> | undefined;
  readonly #ending = new Set<Promise<unknown>>();

  /** Considers the worker until it is gone. */
  add(worker: LockedWorker): void {
    this.#workers.add(worker);
    void worker.gone.then(() => { this.#workers.delete(worker); });
  }

  /** Attaches one at a time. @returns undefined when workers did not stop ending in time */
  whileAttaching<T>(attach: () => Promise<T>): Promise<T | undefined> {
    const result = this.#last.then(() => this.#attachOnceCalm(attach));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Ends a worker once the inspector is not attaching. */
  end(terminate: () => Promise<void>): Promise<void> {
    const ended = this.#current === undefined ? terminate() : this.#current.then(terminate, terminate);
    const gone = ended.catch(() => undefined).then(() => { this.#ending.delete(gone); });
    this.#ending.add(gone);
    return ended;
  }

  async #attachOnceCalm<T>(attach: () => Promise<T>): Promise<T | undefined> {
    const limit = now() + CALM_LIMIT_MS;
    while (!this.#acquire()) {
      if (now() >= limit) return undefined;
      await Promise.race([...this.#endings(), after(limit - now())]);
    }
    this.#current = attach();
    try {
      return await (this.#current as Promise<T>);
    } finally {
      this.#current = undefined;
      this.#release();
    }
  }

  /** Makes workers wait that are about to end by themselves. @returns false when a worker is ending already: then nothing is to be released */
  #acquire(): boolean {
    // The flag first: a worker that begins to end now either sees the flag or is seen.
    Atomics.store(this.flag, 0, 1);
    if (this.#endings().length === 0) return true;
    this.#release();
    return false;
  }

  #release(): void {
    Atomics.store(this.flag, 0, 0);
    Atomics.notify(this.flag, 0);
  }

  #endings(): Promise<unknown>[] {
    const byThemselves = [...this.#workers].filter((worker) => worker.isEnding()).map(({ gone }) => gone);
    return [...this.#ending, ...byThemselves];
  }
}

export const inspectorLock = shared('inspector lock 3', () => new InspectorLock());

function after(ms: number): Promise<void> {
  return new Promise((resolve) => { unrefTimer(resolve, ms); });
}
