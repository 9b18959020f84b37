import type { MessagePort, Transferable } from 'node:worker_threads';

import { Promise } from '../../node/intrinsics.ts';
import { prepareCleanRoot } from '../../context/root.ts';
import type { BatchDone, RunResponse, UnreadRequest } from '../../wire/messages/responses.ts';
import { scopeOf, transfersOf, uncloneableResponse } from '../tasks/responses.ts';
import { startup } from './startup.ts';

/** tinypool's response to a message. */
interface TinypoolResponse {
  readonly taskId: number;
  /** Null where the handler itself has thrown. */
  readonly result: RunResponse | BatchDone | null | undefined;
}

/** A message for tinypool's listener. */
interface TinypoolRequest {
  readonly taskId: number;
  readonly task: unknown;
  readonly filename: string;
  readonly name: string;
}

type Post = (message: TinypoolResponse | UnreadRequest, transfer: readonly Transferable[]) => void;

/** The id of a task that only tinypool in this worker knows. */
const OWN_TASK = -1;

export interface TinypoolPortEvents {
  /** A message is done; its response is about to be posted. @param response undefined where the message is no single call */
  beforeResponse(response: RunResponse | undefined): void;
  /** The response has been posted. */
  afterResponse(): void;
}

export interface TinypoolPort {
  /** Keeps the thread's event loop turning until `letSleep()`. */
  resumeEventLoop(): void;
  /** Lets tinypool put the thread to sleep again while it is idle. @returns whether the event loop was turning */
  letSleep(): boolean;
  /** Whether this is the task by which `resumeEventLoop()` keeps tinypool busy. */
  isOwnTask(message: unknown): message is Promise<void>;
}

/**
 * Repairs three things about the port by which tinypool gets its tasks, which static/preload.cjs has found in tinypool's startup
  * message. Call this function before tinypool begins to listen on the port:
 *
 * tinypool posts the response itself, outside of any try: a result with a function in it would end the worker. Walking or cloning
 * every result beforehand would cost every task, so the post itself is guarded.
 *
 * An idle tinypool worker sleeps in `Atomics.wait`, where a call wakes it in a third of the time that its event loop would take;
 * but whatever a task has left running (an exporter's timer, a socket) stands still. So a worker that has been idle for a while is
 * given a task that lasts until the next real one.
 *
 * A message that cannot be read here would stay without a response where the port's listener receives it, and would end the worker where
 * tinypool reads it while idle. So the pool is told.
 *
 */
export function takeTinypoolPort(filename: string, name: string, events: TinypoolPortEvents): TinypoolPort {
  const port = startup?.port;
  let listener: ((request: TinypoolRequest) => void) | undefined;
  let ownTask: Promise<void> | undefined;
  let endOwnTask: (() => void) | undefined;
  if (port !== undefined) {
    const post = port.postMessage.bind(port) as Post;
    guardReads(port, post);
    guardPosts(port, post, events);
    captureListener(port, (found) => { listener = found; });
  }
  return {
    resumeEventLoop() {
      if (ownTask !== undefined) return;
      ownTask = new Promise((resolve) => { endOwnTask = resolve; });
      listener?.({ taskId: OWN_TASK, task: ownTask, filename, name });
    },
    letSleep() {
      if (ownTask === undefined) return false;
      endOwnTask?.();
      ownTask = endOwnTask = undefined;
      return true;
    },
    isOwnTask: (message): message is Promise<void> => message === ownTask && ownTask !== undefined,
  };
}

/** The pool's end of the port knows which request it was. */
function guardReads(port: MessagePort, post: Post): void {
  const onUnread = (cause: unknown): void => { post({ type: 'unread', cause }, []); };
  port.on('messageerror', onUnread);
  startup?.unreadListeners.set(port, onUnread);
}

function guardPosts(port: MessagePort, post: Post, events: TinypoolPortEvents): void {
  port.postMessage = (message: TinypoolResponse) => {
    const { taskId, result } = message;
    if (taskId === OWN_TASK) return;
    const response = result == null || result.type === 'done' ? undefined : result;
    events.beforeResponse(response);
    const send = (): void => {
      try {
        post(message, (response && transfersOf(response)) ?? []);
      } catch (cause) {
        post({ ...message, result: response && uncloneableResponse(response, cause) }, []);
      }
    };
    const scope = response && scopeOf(response);
    if (scope === undefined) send();
    else scope.runInAsyncScope(send);
    // The response has been sent: this delays no caller.
    events.afterResponse();
    prepareCleanRoot();
  };
}

function captureListener(port: MessagePort, found: (listener: (request: TinypoolRequest) => void) => void): void {
  const on = port.on.bind(port);
  port.on = (event: string, listener: (request: any) => void) => {
    if (event === 'message') found(listener);
    return on(event, listener);
  };
}
