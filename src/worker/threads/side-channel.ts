import type { MessagePort, Transferable } from 'node:worker_threads';

import { Atomics, structuredClone } from '../../node/intrinsics.ts';
import { layout, type ProgressNotice, type WorkerNotice } from '../../wire/messages.ts';
import type { ReportLine } from '../progress.ts';

/** How many notices may lie on the side channel until progress values wait here. */
const LIMIT = 1000;

/**
 * A thread's way to tell the pool something beside its answers. Both sides count in shared memory, what was posted and what was taken
 * in: so the pool knows how much to read, and this side how much the pool has not read.
 */
export class SideLine implements ReportLine {
  readonly #port: MessagePort;
  readonly #control: Int32Array;

  constructor(port: MessagePort, control: Int32Array) {
    this.#port = port;
    this.#control = control;
  }

  /** @throws DataCloneError */
  post(notice: WorkerNotice, transfer: readonly Transferable[] = []): void {
    // First: a worker that is ended in between must not leave a notice that nobody counts.
    add(this.#control, layout.posted, 1);
    try {
      this.#port.postMessage(notice, transfer);
    } catch (cause) {
      sub(this.#control, layout.posted, 1);
      throw cause;
    }
  }

  hasRoom(): boolean {
    // The numbers may wrap around.
    return ((load(this.#control, layout.posted) - load(this.#control, layout.received)) | 0) < LIMIT;
  }

  copy(notice: ProgressNotice): ProgressNotice {
    return clone(notice);
  }
}

// Bound when the worker starts: a task may replace the globals.
const { add, load, sub } = Atomics;
const clone = structuredClone;
