import { clearInterval, setInterval } from '../../node/clock.ts';
import type { TaskHandle } from '../../task/current.ts';
import { callersClock } from '../../node/limit-clock.ts';
import { LONGEST_TIMER } from '../../node/timers.ts';
import type { AbortKind, AbortNotice, ProgressNotice, RunMessage, RunResponse } from '../../wire/messages.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { explainUncloneable, explainUnsent } from '../../wire/values/uncloneable.ts';
import { progressNotice, run, scopeOf, transfersOf, uncloneable, type WorkerHost } from '../../worker/tasks/task-runner.ts';
import type { EngineWorker, WorkerEvents, WorkerOptions } from './engine.ts';

/** Not `queueMicrotask()`, which a test may have faked. */
const turn = Promise.resolve();

/**
 * No worker at all: the task runs on this thread, under the same rules. Everything is cloned on its way in and out, the
 * context is carried and restored, errors are encoded. Only a synchronous loop cannot be stopped.
 */
export function inlineWorker(options: WorkerOptions, events: WorkerEvents): EngineWorker {
  const running = new Map<number, TaskHandle>();
  const told = new Map<number, AbortKind>();
  const host: WorkerHost = {
    clock: callersClock,
    channel: 'message',
    reportMemory: false,
    addresses: [],
    pollAbort: (id) => told.get(id),
    ready: () => undefined,
    started: (id) => { events.onNotice({ type: 'started', id }); },
    progress: (id, value) => { events.onNotice({ ...cloneProgress(progressNotice(id, value, 'message')), isHere: true }); },
    running: (id, handle) => {
      if (handle === undefined) running.delete(id);
      else running.set(id, handle);
    },
  };
  const setup = { preload: options.preload, reportMemory: false };
  let isSetUp = false;
  let isEnded = false;
  let keepAlive: NodeJS.Timeout | undefined;

  return {
    run(message, transfer, { onAnswer, onUnsent }) {
      let received: RunMessage;
      try {
        received = ownOnly(structuredClone(isSetUp ? messageHere(message) : { ...messageHere(message), setup }, { transfer: [...(transfer ?? [])] }));
      } catch (cause) {
        void turn.then(() => { onUnsent(explainUnsent(message.args, 'args', transfer, cause)); });
        return;
      }
      isSetUp = true;
      // A task that waits for something that keeps no process alive is a pending task all the same.
      keepAlive = setInterval(() => undefined, LONGEST_TIMER);
      void runLater(received, host).then((response) => {
        clearInterval(keepAlive);
        told.delete(message.id);
        const scope = scopeOf(response);
        if (!isEnded) onAnswer(scope === undefined ? cloneResponse(response) : scope.runInAsyncScope(cloneResponse, undefined, response));
      });
    },
    tell({ id, kind }: AbortNotice): void {
      told.set(id, kind);
      running.get(id)?.abort(kind);
    },
    flushNotices: () => undefined,
    batches: undefined,
    rest: undefined,
    finish: undefined,
    isReady: () => true,
    stack: () => Promise.resolve(undefined),
    terminate(): Promise<void> {
      if (!isEnded) {
        isEnded = true;
        // The task cannot be stopped, but nobody waits for it any more.
        clearInterval(keepAlive);
        void turn.then(() => { events.onExit({ exitCode: null, isOutOfMemory: false, error: undefined, how: 'inline' }); });
      }
      return Promise.resolve();
    },
  };
}

/** The stores are declared where they were encoded; a test runner's modules would be loaded again, as others. */
function messageHere({ declaredIn: _known, ...message }: RunMessage): RunMessage {
  return message;
}

/** The caller's turn ends before the task begins, as it does with a worker. */
async function runLater(message: RunMessage, host: WorkerHost): Promise<RunResponse> {
  await turn;
  return run(message, host);
}

function cloneResponse(response: RunResponse): RunResponse {
  try {
    return structuredClone(response, { transfer: [...(transfersOf(response) ?? [])] });
  } catch (cause) {
    return uncloneable(response, cause);
  }
}

function cloneProgress(notice: ProgressNotice): ProgressNotice {
  try {
    return structuredClone(notice);
  } catch (cause) {
    throw explainUncloneable(notice.value, 'progress', cause);
  }
}
