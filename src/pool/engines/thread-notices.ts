import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

import { controlWords } from '../../wire/control-block.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import type { WorkerEvents } from './engine.ts';

/** The notices that a thread posts on its side channel. */
export class ThreadNotices {
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #events: WorkerEvents;
  #received = 0;

  constructor(port: MessagePort, control: Int32Array, events: WorkerEvents) {
    this.#port = port;
    this.#control = control;
    this.#events = events;
  }

  listen(): void {
    this.#port.on('message', (notice: WorkerNotice) => { this.#deliver(notice); });
    this.#port.on('messageerror', (cause) => { this.#deliver({ type: 'unread', cause }); });
  }

  /** Delivers the notices that have been posted by now, and no later ones: a task may post faster than this thread can read. */
  flush(): void {
    const posted = Atomics.load(this.#control, controlWords.posted);
    // Both counters may wrap around.
    while (((posted - this.#received) | 0) > 0) {
      const notice = this.#receive();
      if (notice === undefined) return;
      this.#deliver(notice);
    }
  }

  #receive(): WorkerNotice | undefined {
    try {
      return receiveMessageOnPort(this.#port)?.message as WorkerNotice | undefined;
    } catch (cause) {
      return { type: 'unread', cause };
    }
  }

  #deliver(notice: WorkerNotice): void {
    this.#received = (this.#received + 1) | 0;
    Atomics.store(this.#control, controlWords.received, this.#received);
    this.#events.onNotice(notice);
  }
}
