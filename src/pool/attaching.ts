import { now } from '../clock.ts';
import { shared } from '../shared.ts';
import { unrefTimer } from '../timer.ts';

/** How long a look waits for workers that end, in ms. */
const PATIENCE_MS = 250;

/**
 * Node (20 to 26) ends the whole process when the inspector attaches to a thread that is being torn down: it takes a lock
 * that is gone (`MainThreadInterface::Post`). It attaches to all of them, whichever is asked. So no worker is ended while
 * the inspector attaches, and it does not attach while one is ending. What ends by itself can still meet it: a few
 * microseconds are dangerous.
 */
export class Attaching {
  #last: Promise<unknown> = Promise.resolve();
  #current: Promise<unknown> | undefined;
  readonly #ending = new Set<Promise<unknown>>();

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
    while (this.#ending.size > 0) {
      await Promise.race([...this.#ending, after(limit - now())]);
      if (now() >= limit) return undefined;
    }
    this.#current = look();
    try {
      return await (this.#current as Promise<T>);
    } finally {
      this.#current = undefined;
    }
  }
}

export const attaching = shared('attaching', () => new Attaching());

function after(ms: number): Promise<void> {
  return new Promise((resolve) => { unrefTimer(resolve, ms); });
}
