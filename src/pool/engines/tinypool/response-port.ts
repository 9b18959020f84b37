import { MessagePort } from 'node:worker_threads';

import { withPlainPrototype } from '../../../node/plain-prototype.ts';
import type { UnreadRequest } from '../../../wire/messages/responses.ts';
import { ownOnly } from '../../../wire/own-only.ts';
import { Unread } from '../unread.ts';
import { whilePatched } from './patch.ts';

type Listener = (message: unknown) => void;

/** The listener of each port, tinypool's among them. */
export type PortListeners = ReadonlyMap<MessagePort, Listener>;

/** Calls `create`, which makes a tinypool, and notes the ports that get a listener for messages meanwhile. */
export function noteListeners<T>(create: () => T): { readonly made: T; readonly listeners: PortListeners } {
  const listeners = new Map<MessagePort, Listener>();
  const { on } = MessagePort.prototype;
  const spy = function (this: MessagePort, event: string, listener: Listener): MessagePort {
    if (event === 'message') listeners.set(this, listener);
    return on.call(this, event as 'message', listener);
  };
  return { made: whilePatched(MessagePort.prototype, 'on', spy, create), listeners };
}

/**
 * Calls `run`, which has tinypool post its first message to its worker, and guards the port by which that is posted: tinypool gives
 * nobody access to the port. `unsent` gets the messages that cannot be posted.
 */
export function guardPortOf<R>(message: object, listeners: PortListeners, unsent: WeakSet<object>, run: () => R): R {
  const { postMessage } = MessagePort.prototype;
  let isFound = false;
  const spy = function (this: MessagePort, posted: TinypoolRequest | null, transfer: unknown): void {
    const listener = listeners.get(this);
    if (isFound || listener === undefined || posted?.task !== message) {
      postMessage.call(this, posted, transfer as []);
      return;
    }
    isFound = true;
    // Node reads the options of a listener from an object literal, with what that inherits.
    withPlainPrototype(() => { guardResponses(this, listener, unsent); });
    this.postMessage(posted, transfer as []);
  };
  return whilePatched(MessagePort.prototype, 'postMessage', spy, run);
}

/** A message that tinypool posts. */
interface TinypoolRequest {
  readonly taskId: number;
  readonly task: object;
}

/** A message from the worker: tinypool's response, or offloop's own message in its place. See the worker's takeTinypoolPort(). */
type Received = TinypoolResponse | UnreadRequest;

interface TinypoolResponse {
  readonly type?: undefined;
  readonly taskId: number;
  readonly result: unknown;
  readonly error: unknown;
}

/**
 * Makes sure that every message that is posted here gets one response, an `Unread` where none can be read. A worker has one
 * message at a time.
 */
function guardResponses(port: MessagePort, listener: Listener, unsent: WeakSet<object>): void {
  let asked: number | undefined;
  const settle = (result: unknown): void => {
    if (asked === undefined) return;
    const taskId = asked;
    // tinypool may post the next message from its listener.
    asked = undefined;
    listener({ taskId, result, error: null });
  };
  // The prototype's method is looked up with each message: an agent may have wrapped it meanwhile.
  port.postMessage = (message: TinypoolRequest, transfer) => {
    try {
      MessagePort.prototype.postMessage.call(port, message, transfer as []);
    } catch (cause) {
      unsent.add(message.task);
      throw cause;
    }
    asked = message.taskId;
  };
  port.off('message', listener);
  port.on('message', (received: Received | null) => {
    if (typeof received !== 'object' || received === null) return;
    const message = ownOnly(received);
    if (message.type === 'unread') settle(new Unread('there', message.cause));
    else if (message.taskId === asked) settle(message.error === null ? message.result : new Unread('failed', message.error));
  });
  port.on('messageerror', (cause: unknown) => { settle(new Unread('here', cause)); });
}
