import type { Transferable } from 'node:worker_threads';

import type { Tinypool } from 'tinypool';

import { queueMicrotask } from '../../../node/clock.ts';
import { Unread } from '../unread.ts';
import { guardPortOf, type PortListeners } from './response-port.ts';
import { breakWorker } from './termination.ts';
import type { Handle, Life, PostCallbacks } from './tinypool-worker.ts';

/** Posts messages to one worker by tinypool, and tells what came of each. */
export class Posting {
  readonly #pool: Tinypool;
  readonly #handle: Handle;
  readonly #life: Life;
  /** Dropped once the port is guarded: they hold every port that was opened during the start. */
  #listeners: PortListeners | undefined;
  /** Messages that could not be posted. */
  readonly #unsent = new WeakSet<object>();

  constructor(pool: Tinypool, handle: Handle, life: Life, listeners: PortListeners) {
    this.#pool = pool;
    this.#handle = handle;
    this.#life = life;
    this.#listeners = listeners;
  }

  post(message: object, transfer: readonly Transferable[] | undefined, { onResponse, onUnsent, onUnread }: PostCallbacks): void {
    const settle = (response: unknown): void => {
      // tinypool takes an uncaught `null` for no error, and calls the task done: the thread's exit says what it was.
      if (this.#life.state === 'ending' && (response === null || response === undefined)) return;
      if (!(response instanceof Unread)) onResponse(response);
      else if (response.where !== 'failed') onUnread(response);
      else if (this.#life.state !== 'ending') breakWorker(this.#handle, this.#life, response.cause);
    };
    // A message that cannot be sent is rejected at once, or, behind another one such as that to resume the event loop, when the worker
    // has responded to that one. A later rejection means that the worker could not read the message, or could not respond.
    let isSent = false;
    const failed = (cause: unknown): void => {
      if (this.#life.state === 'ending') return;
      if (isSent && !this.#unsent.has(message)) breakWorker(this.#handle, this.#life, cause);
      else onUnsent(cause);
    };
    void this.#run(message, transfer).then(settle, failed);
    queueMicrotask(() => { isSent = true; });
  }

  #run(message: object, transfer: readonly Transferable[] | undefined): Promise<unknown> {
    const listeners = this.#listeners;
    if (listeners === undefined) return this.#pool.run(message, runOptions(transfer));
    this.#listeners = undefined;
    return guardPortOf(message, listeners, this.#unsent, () => this.#pool.run(message, runOptions(transfer)));
  }
}

type TinypoolRunOptions = NonNullable<Parameters<Tinypool['run']>[1]>;

const withoutTransfer: TinypoolRunOptions = { transferList: [] };

function runOptions(transfer: readonly Transferable[] | undefined): TinypoolRunOptions {
  return transfer === undefined ? withoutTransfer : { transferList: [...transfer] };
}
