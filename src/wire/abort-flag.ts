import { abortKinds, layout, type AbortKind, type AbortNotice } from './messages.ts';

/**
 * Which task of a thread is to stop, in the control block: a synchronous loop can read it, where a message would wait.
 * The id takes two words, since a pool that lives long counts beyond 2^31.
 */
export class AbortFlag {
  readonly #words: Int32Array;

  /** @param words the control block; see `layout` */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Pool. */
  raise({ id, kind }: AbortNotice): void {
    // The kind first: whoever sees the task's id must find it there.
    store(this.#words, layout.abortKind, abortKinds.indexOf(kind));
    store(this.#words, layout.abortedTaskHigh, highWord(id));
    store(this.#words, layout.abortedTask, id | 0);
  }

  /** Worker: why the task of this id is to stop; undefined where it is not. */
  kindFor(id: number): AbortKind | undefined {
    if (load(this.#words, layout.abortedTask) !== (id | 0) || load(this.#words, layout.abortedTaskHigh) !== highWord(id)) return undefined;
    return abortKinds[load(this.#words, layout.abortKind)];
  }
}

function highWord(id: number): number {
  return floor(id / 2 ** 32) | 0;
}

// Bound when the worker starts: a task may replace the globals.
const { load, store } = Atomics;
const { floor } = Math;
