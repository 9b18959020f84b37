import { MessagePort } from 'node:worker_threads';

import { ownOnly } from '../../../wire/own-only.ts';
import { Unread } from '../unread.ts';

/*
 * The pool's end of the port by which a tinypool worker answers (tinypool 2.2.0, pinned).
 */

type Listener = (message: unknown) => void;

interface Found {
  readonly port: MessagePort;
  /** tinypool's own. */
  readonly listener: Listener;
}

/**
 * Calls `create`, which makes a tinypool, and finds the port by which its worker answers: tinypool gives it to nobody. It is the
 * last one in there to get a listener for `close`.
 */
export function findResponsePort<T>(create: () => T): { readonly made: T; readonly found: Found | undefined } {
  const { prototype } = MessagePort;
  const listeners = new Map<MessagePort, Listener>();
  const closeable: MessagePort[] = [];
  const { on } = prototype;
  const own = Object.getOwnPropertyDescriptor(prototype, 'on');
  const spy = function (this: MessagePort, event: string, listener: Listener): MessagePort {
    if (event === 'message') listeners.set(this, listener);
    if (event === 'close') closeable.push(this);
    return on.call(this, event as 'message', listener);
  };
  const isSpying = Reflect.defineProperty(prototype, 'on', { __proto__: null, value: spy, configurable: true, writable: true } as PropertyDescriptor);
  try {
    const made = create();
    const port = closeable.at(-1);
    const listener = port && listeners.get(port);
    return { made, found: port && listener && { port, listener } };
  } finally {
    if (isSpying) {
      if (own === undefined) Reflect.deleteProperty(prototype, 'on');
      else Object.defineProperty(prototype, 'on', own);
    }
  }
}

/** What a tinypool worker posts for a message; `unread` is offloop's own, see takeTinypoolPort(). */
interface Response {
  readonly taskId?: number;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly unread?: unknown;
}

/**
 * Sees to it that every message that was posted here is answered once, by an `Unread` where there is no answer that can be read.
 * A worker has one message at a time. `unsent` gets those that could not be posted.
 */
export function guardResponses({ port, listener }: Found, unsent: WeakSet<object>): void {
  let asked: number | undefined;
  const settle = (result: unknown): void => {
    if (asked === undefined) return;
    const taskId = asked;
    // tinypool may post the next one from there.
    asked = undefined;
    listener({ taskId, result, error: null });
  };
  // Looked up with each message: an agent may have wrapped it meanwhile.
  port.postMessage = (message: { readonly taskId: number; readonly task: object }, transfer) => {
    try {
      MessagePort.prototype.postMessage.call(port, message, transfer as []);
    } catch (cause) {
      unsent.add(message.task);
      throw cause;
    }
    asked = message.taskId;
  };
  port.off('message', listener);
  port.on('message', (response: Response | null) => {
    if (typeof response !== 'object' || response === null) return;
    const { taskId, result, error, unread } = ownOnly(response);
    if (unread !== undefined) settle(new Unread('there', unread));
    else if (taskId === asked) settle(error === null ? result : new Unread('failed', error));
  });
  port.on('messageerror', (cause: unknown) => { settle(new Unread('here', cause)); });
}
