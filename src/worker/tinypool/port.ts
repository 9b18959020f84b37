import { MessagePort, type Transferable } from 'node:worker_threads';

import { Object, Promise } from '../../node/intrinsics.ts';
import { prepareCleanRoot } from '../../context/root.ts';
import { defineOwn } from '../../node/own-properties.ts';
import type { BatchDone, RunResponse } from '../../wire/messages.ts';
import { scopeOf, transfersOf, uncloneable } from '../tasks/task-runner.ts';

/*
 * All that the worker's side knows of tinypool's insides (version 2.2.0, pinned): its port, and what it does with it.
 */

/** Posted where tinypool would post nothing: a message cannot be read here. The pool's end knows which one that is. */
interface UnreadMessage {
  readonly unread: unknown;
}

/** What tinypool posts for each message it was sent. */
interface TinypoolResponse {
  readonly taskId: number;
  readonly result: RunResponse | BatchDone | null | undefined;
}

/** What tinypool's listener takes. */
interface TinypoolRequest {
  readonly taskId: number;
  readonly task: unknown;
  readonly filename: string;
  readonly name: string;
}

/** A task that only tinypool in this worker knows of. */
const OWN_TASK = -1;

export interface TinypoolPort {
  /** Keeps the thread's event loop turning until `release`, where tinypool would put it to sleep. */
  hold(): void;
  release(): void;
  /** The task of a hold, as it arrives in the handler that tinypool calls. */
  isHold(message: unknown): message is Promise<void>;
}

/**
 * Takes hold of tinypool's port, which it gives nobody, but starts right after this module has loaded; no other port is
 * started in between. Three things are mended with it:
 *
 * tinypool posts the response itself, outside of any try: a result with a function in it would kill the worker. Walking
 * or cloning every result beforehand would cost every task, so the post itself is guarded.
 *
 * An idle tinypool worker sleeps in `Atomics.wait`, where a call wakes it in a third of the time that its event loop
 * would take; but what a task left behind (an exporter's timer, a socket) stands still. So a worker that has been idle
 * for a while is made to think that it has a task, which lasts until the next real one.
 *
 * A message that cannot be read here would never be answered where the port's listener met it, and would end the worker where
 * tinypool read it out of turn (see static/preload.cjs). So the pool is told.
 *
 * @param beforeAnswer called when a task is over
 */
export function takeTinypoolPort(filename: string, name: string, beforeAnswer: () => void): TinypoolPort {
  let listener: ((request: TinypoolRequest) => void) | undefined;
  let held: Promise<void> | undefined;
  let release: (() => void) | undefined;
  onNextStart((port) => {
    const post = port.postMessage.bind(port) as (message: TinypoolResponse | UnreadMessage, transfer: readonly Transferable[]) => void;
    guardReads(port, (cause) => { post({ unread: cause }, []); });
    guardPosts(port, post, beforeAnswer);
    captureListener(port, (found) => { listener = found; });
  });
  return {
    hold() {
      if (held !== undefined) return;
      held = new Promise((resolve) => { release = resolve; });
      listener?.({ taskId: OWN_TASK, task: held, filename, name });
    },
    release() {
      release?.();
      held = release = undefined;
    },
    isHold: (message): message is Promise<void> => message === held && held !== undefined,
  };
}

function onNextStart(take: (port: MessagePort) => void): void {
  const { prototype } = MessagePort;
  const start = Object.getOwnPropertyDescriptor(prototype, 'start')!;
  defineOwn(prototype, 'start', {
    ...start,
    value(this: MessagePort) {
      defineOwn(prototype, 'start', start);
      take(this);
      this.start();
    },
  });
}

function captureListener(port: MessagePort, found: (listener: (request: TinypoolRequest) => void) => void): void {
  const on = port.on.bind(port);
  port.on = (event: string, listener: (request: any) => void) => {
    if (event === 'message') found(listener);
    return on(event, listener);
  };
}

/** By the port: what to do when a message cannot be read from it. static/preload.cjs looks there. */
const guardedReads = (globalThis as Record<symbol, WeakMap<MessagePort, (cause: unknown) => void> | undefined>)[Symbol.for('offloop.guardedReads')];

function guardReads(port: MessagePort, onUnread: (cause: unknown) => void): void {
  port.on('messageerror', onUnread);
  guardedReads?.set(port, onUnread);
}

function guardPosts(port: MessagePort, post: (message: TinypoolResponse, transfer: readonly Transferable[]) => void, beforeAnswer: () => void): void {
  port.postMessage = (message: TinypoolResponse) => {
    const { taskId, result } = message;
    if (taskId === OWN_TASK) return;
    // It is null where the handler itself has thrown.
    const response = result == null || result.type === 'done' ? undefined : result;
    beforeAnswer();
    const send = (): void => {
      try {
        post(message, (response && transfersOf(response)) ?? []);
      } catch (cause) {
        post({ ...message, result: response && uncloneable(response, cause) }, []);
      }
    };
    const scope = response && scopeOf(response);
    if (scope === undefined) send();
    else scope.runInAsyncScope(send);
    // Its answer is on the way: what is done from here on delays no caller.
    prepareCleanRoot();
  };
}
