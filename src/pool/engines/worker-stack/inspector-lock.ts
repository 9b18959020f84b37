import { now } from '../../../node/clock.ts';
import { shared } from '../../../shared/shared.ts';
import { unrefTimer } from '../../../node/timers.ts';

/** How long a look waits for workers that end, in ms. */
const PATIENCE_MS = 250;

/** A worker thread that may end by itself at any moment. */
export interface LockedWorker {
  /** It has begun to end, which it says before it looks at `Attaching.flag`. */
  isEnding(): boolean;
  readonly gone: Promise<unknown>;
}

/**
 * Node (20 to 26) ends the whole process, with no word, when the inspector attaches to a thread that is being torn down: it takes
 * a lock that is gone (`MainThreadInterface::Post`). The inspector attaches to all threads, whichever is asked. So no worker is
 * ended while the inspector attaches, one that ends by itself (`process.exit()`, an uncaught exception) waits for a moment, and the
 * inspector does not attach while a worker is ending. Threads that are not offloop's, and one that runs out of memory, can still meet it.
 */
export class InspectorLock {
  /** 1 while the inspector attaches. */
  readonly flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #mortals = new Set<LockedWorker>();
  #last: Promise<unknown> = Promise.resolve();
  #current: Promise<unknown> | undefined;
  readonly #ending = new Set<Promise<unknown>>();

  /** Takes a worker into account until it is gone. */
  add(worker: LockedWorker): void {
    this.#mortals.add(worker);
    void worker.gone.then(() => { this.#mortals.delete(worker); });
  }

  /** One look after the other. @returns undefined when there was no calm moment for it */
  look<T>(look: () => Promise<T>): Promise<T | undefined> {
    const result = this.#last.then(() => this.#lookOnceCalm(look));
    this.#last = result.catch(() => undefined);
    return result;
  }

  end(terminate: () => Promise<void>): Promise<void> {
    const ended = this.#current === undefined ? terminate() : this.#current.then(terminate, terminate);
    const gone = ended.catch(() => undefined).then(() => { this.#ending.delete(gone); });
    this.#ending.add(gone);
    return ended;
  }

  async #lookOnceCalm<T>(look: () => Promise<T>): Promise<T | undefined> {
    const limit = now() + PATIENCE_MS;
    while (!this.#hold()) {
      if (now() >= limit) return undefined;
      await Promise.race([...this.#endings(), after(limit - now())]);
    }
    this.#current = look();
    try {
      return await (this.#current as Promise<T>);
    } finally {
      this.#current = undefined;
      this.#release();
    }
  }

  /** Has those wait that are about to end by themselves. False when a worker is ending already: then there is nothing to release. */
  #hold(): boolean {
    // First the flag: whoever begins to end now either sees it or is seen.
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
    const byThemselves = [...this.#mortals].filter((worker) => worker.isEnding()).map(({ gone }) => gone);
    return [...this.#ending, ...byThemselves];
  }
}

export const inspectorLock = shared('attaching 2', () => new InspectorLock());

function after(ms: number): Promise<void> {
  return new Promise((resolve) => { unrefTimer(resolve, ms); });
}
