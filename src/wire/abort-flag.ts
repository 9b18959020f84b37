import { controlWords } from './control-block.ts';
import { abortKinds, type AbortKind, type AbortMessage } from './messages/requests.ts';

/** Which task of a thread is to stop, in the control block: a synchronous loop can read it there, while a message would wait. */
export class SharedAbortFlag {
  readonly #control: Int32Array;

  constructor(control: Int32Array) {
    this.#control = control;
  }

  /** For the pool. */
  raise({ id, kind }: AbortMessage): void {
    // The kind first: a worker that sees the task's id must find the kind there.
    store(this.#control, controlWords.abortKind, abortKinds.indexOf(kind));
    store(this.#control, controlWords.abortedTaskHigh, highWord(id));
    store(this.#control, controlWords.abortedTask, id | 0);
  }

  /** For the worker: why the task of this id is to stop; undefined where it may go on. */
  kindFor(id: number): AbortKind | undefined {
    if (load(this.#control, controlWords.abortedTask) !== (id | 0) || load(this.#control, controlWords.abortedTaskHigh) !== highWord(id)) return undefined;
    return abortKinds[load(this.#control, controlWords.abortKind)];
  }
}

function highWord(id: number): number {
  return floor(id / 2 ** 32) | 0;
}

// Bound when the worker starts: a task may replace the globals.
const { load, store } = Atomics;
const { floor } = Math;
