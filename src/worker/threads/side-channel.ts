import type { MessagePort, Transferable } from 'node:worker_threads';

import { Atomics, structuredClone } from '../../node/intrinsics.ts';
import { controlWords } from '../../wire/control-block.ts';
import type { ProgressNotice, WorkerNotice } from '../../wire/messages/notices.ts';
import type { ProgressChannel } from '../notices/progress-sender.ts';

/** How many notices may be unread by the pool until progress values wait in the worker. */
const LIMIT = 1000;

/**
 * Posts a thread's notices. Both sides count in shared memory, this side the posted notices, the pool the received ones: so the
 * pool knows how many to read, and this side how many are unread.
 */
export class SideChannel implements ProgressChannel {
  readonly #port: MessagePort;
  readonly #control: Int32Array;

  constructor(port: MessagePort, control: Int32Array) {
    this.#port = port;
    this.#control = control;
  }

  /** @throws DataCloneError */
  post(notice: WorkerNotice, transfer: readonly Transferable[] = []): void {
    // Count first: a worker that is ended in between must not leave a notice that is not counted.
    add(this.#control, controlWords.posted, 1);
    try {
      this.#port.postMessage(notice, transfer);
    } catch (cause) {
      sub(this.#control, controlWords.posted, 1);
      throw cause;
    }
  }

  hasRoom(): boolean {
    // Both counters may wrap around.
    return ((load(this.#control, controlWords.posted) - load(this.#control, controlWords.received)) | 0) < LIMIT;
  }

  copy(notice: ProgressNotice): ProgressNotice {
    return clone(notice);
  }
}

// Bound when the worker starts: a task may replace the globals.
const { add, load, sub } = Atomics;
const clone = structuredClone;
