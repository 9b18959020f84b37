import { warnOnce } from '../../node/warnings.ts';
import { errorText } from '../../validation/describe.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import { ownOnly } from '../../wire/own-only.ts';
import type { Call } from '../calls/call.ts';
import { dropUnreadProgress, receiveProgress } from '../calls/progress.ts';
import { Unread } from '../engines/unread.ts';
import { settleResults, takeResults } from './taken-results.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';
import { failPending, respond } from './responses.ts';

/**
 * Handles a notice of a worker. A notice that cannot be read concerns its call alone, and no error is thrown here.
 * @param onReturned called with a call of a batch that the worker cannot start
 */
export function readNotice(worker: PoolWorker, notice: WorkerNotice, onReturned: (call: Call) => void): void {
  try {
    read(worker, ownOnly(notice), onReturned);
  } catch (cause) {
    recordUnread(worker, cause);
  }
}

/** Handles everything that the worker has sent so far. */
export function readAll(worker: PoolWorker): void {
  worker.engine.flushNotices();
  settleResults(takeResults(worker));
}

/** Call this when the worker has reported the end of its batch: no further response will come. */
export function endBatch(worker: PoolWorker): void {
  const { unread } = worker;
  worker.unread = undefined;
  if (worker.message.pendingCalls().length > 0) failPending(worker, new Unread('here', unread === undefined ? new Error('no response has come') : unread.cause));
  else if (unread !== undefined) warnOfUnread(unread.cause);
}

function read(worker: PoolWorker, notice: WorkerNotice, returned: (call: Call) => void): void {
  const { message } = worker;
  switch (notice.type) {
    case 'results':
      settleResults(takeResults(worker));
      break;
    case 'response': {
      const call = message.callAt(notice);
      if (call !== undefined) respond(worker, call, notice.response, notice.waitedMs);
      break;
    }
    case 'unknown-text': {
      worker.knowledge.texts.forget();
      const call = message.callAt(notice);
      if (call === undefined) break;
      call.travelsAlone = true;
      message.drop(call);
      returned(call);
      break;
    }
    case 'started': {
      const call = message.runningCall(notice.id);
      if (call === undefined) break;
      worker.beginning.markTaskStarted();
      call.extras?.onStarted?.();
      break;
    }
    case 'leftover':
      worker.leftover = notice;
      break;
    case 'hooks':
      worker.hasEndHooks = true;
      break;
    case 'warning':
      warnOnce(notice.code, notice.message);
      break;
    case 'ready':
    case 'fatal':
    case 'cpu':
      break;
    case 'unread':
      recordUnread(worker, notice.cause);
      break;
    case 'progress': {
      const call = message.runningCall(notice.id);
      if (call !== undefined) receiveProgress(call, ownOnly(notice));
    }
  }
}

/** The notice was a progress value, or the response to a call of a batch. Such a call is found without a response when the batch ends. */
function recordUnread(worker: PoolWorker, cause: unknown): void {
  const [call] = worker.message.pendingCalls();
  if (worker.message.isBatch && call !== undefined) worker.unread ??= { cause };
  else if (call !== undefined) dropUnreadProgress(call, cause);
  else warnOfUnread(cause);
}

function warnOfUnread(cause: unknown): void {
  warnOnce('OFFLOOP_PROGRESS', `A progress value of a task cannot be read on the caller's side: ${errorText(cause)}. The value was dropped. Report flatter data: a list instead of a deep chain.`);
}
