import { MessagePort, type Transferable } from 'node:worker_threads';

import { encodeThrow } from '../wire/errors.ts';
import type { RunResponse } from '../wire/messages.ts';
import { explainUncloneable } from '../wire/values.ts';
import { transfersOf } from './run.ts';

/** What tinypool posts for each message it was sent. */
interface TinypoolResponse {
  readonly result: RunResponse;
}

/**
 * Makes tinypool's response port survive a result that cannot be cloned.
 *
 * tinypool posts the response itself, outside of any try: a result with a function in it kills the worker. Walking or
 * cloning every result beforehand would cost every task, so the post itself is guarded. tinypool gives nobody its port,
 * but starts it right after this module has loaded, and no other port is started in between.
 */
export function guardResponses(): void {
  const { prototype } = MessagePort;
  const start = Object.getOwnPropertyDescriptor(prototype, 'start')!;
  Object.defineProperty(prototype, 'start', {
    ...start,
    value(this: MessagePort) {
      Object.defineProperty(prototype, 'start', start);
      guard(this);
      this.start();
    },
  });
}

function guard(port: MessagePort): void {
  const post = port.postMessage.bind(port) as (message: TinypoolResponse, transfer: readonly Transferable[]) => void;
  port.postMessage = (message: TinypoolResponse) => {
    try {
      post(message, transfersOf(message.result) ?? []);
    } catch (cause) {
      post({ ...message, result: uncloneable(message.result, cause) }, []);
    }
  };
}

export function uncloneable(response: RunResponse, cause: unknown, clone?: (value: unknown) => unknown): RunResponse {
  const value = response.type === 'returned' ? response.value : undefined;
  const { runMs, memory } = response;
  const thrown = encodeThrow(explainUncloneable(value, 'result', cause, clone));
  return { type: 'threw', thrown, runMs, memory };
}
