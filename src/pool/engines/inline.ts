import { clearInterval, setInterval } from '../../node/clock.ts';
import { callersClock } from '../../node/limit-clock.ts';
import { thread } from '../../shared/shared.ts';
import { LONGEST_TIMER } from '../../node/timers.ts';
import type { AbortKind, RunMessage } from '../../wire/messages/requests.ts';
import type { RunResponse } from '../../wire/messages/responses.ts';
import type { InlineSetup } from '../../wire/messages/setup.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { explainUnsent } from '../../wire/values/uncloneable.ts';
import { encodeProgress } from '../../worker/tasks/progress.ts';
import { scopeOf, transfersOf, uncloneableResponse } from '../../worker/tasks/responses.ts';
import { run } from '../../worker/tasks/task-runner.ts';
import { RunningTasks, type WorkerHost } from '../../worker/tasks/worker-host.ts';
import type { EngineWorker, WorkerEvents, WorkerOptions } from './engine.ts';

/** Used instead of `queueMicrotask()`, which a test may have faked. */
const turn = Promise.resolve();

/**
 * Makes a worker without a thread: tasks run on the caller's thread under the same rules. Arguments and results are cloned, the context is
 * carried and restored, errors are encoded. Only a synchronous loop cannot be stopped.
 */
export function startInlineWorker(options: WorkerOptions, events: WorkerEvents): EngineWorker {
  const aborted = new Map<number, AbortKind>();
  const host: WorkerHost = {
    // Inside a worker, a pool's tasks run on the worker's thread.
    worker: thread.worker ?? options.number,
    clock: callersClock,
    channel: 'message',
    reportMemory: false,
    addresses: [],
    setStartedAt: (at) => { startedAt = at; },
    running: new RunningTasks(),
    pollAbort: (id) => aborted.get(id),
    ready: () => undefined,
    notify: (notice) => { events.onNotice(notice); },
    progress: (id, value) => { events.onNotice({ ...encodeProgress(id, value, 'message', structuredClone), isHere: true }); },
  };
  const setup: InlineSetup = { type: 'inline', worker: options.number, preload: options.preload, reportMemory: false };
  let isSetUp = false;
  let isEnded = false;
  let startedAt = 0;
  let keepAlive: NodeJS.Timeout | undefined;

  return {
    number: options.number,
    run(message, transfer, { onResponse, onUnsent }) {
      let received: RunMessage;
      try {
        received = ownOnly(structuredClone(isSetUp ? messageHere(message) : { ...messageHere(message), setup }, { transfer: [...(transfer ?? [])] }));
      } catch (cause) {
        void turn.then(() => { onUnsent(explainUnsent(message.args, 'args', transfer, cause)); });
        return;
      }
      isSetUp = true;
      // A task that waits for something that keeps no process alive keeps the process alive, as it would in a worker.
      keepAlive = setInterval(() => undefined, LONGEST_TIMER);
      void runLater(received, host).then((response) => {
        clearInterval(keepAlive);
        aborted.delete(message.id);
        const scope = scopeOf(response);
        if (!isEnded) onResponse(scope === undefined ? cloneResponse(response) : scope.runInAsyncScope(cloneResponse, undefined, response));
      });
    },
    batches: undefined,
    sendAbort(message) {
      aborted.set(message.id, message.kind);
      host.running.abort(message);
    },
    flushNotices: () => undefined,
    resumeEventLoop: undefined,
    runEndHooks: undefined,
    isReady: () => true,
    tid: 0,
    procFolder: undefined,
    // A task that waits must not make room for a spare, and beside one that blocks this thread no spare could run.
    activeMs: () => 0,
    tellsStart: true,
    taskStartedAt: () => (startedAt === 0 ? undefined : startedAt),
    cpuAtMessageEnd: () => undefined,
    cpu: undefined,
    stack: () => Promise.resolve(undefined),
    terminate() {
      if (!isEnded) {
        isEnded = true;
        // The task cannot be stopped, but no caller waits for it any more.
        clearInterval(keepAlive);
        void turn.then(() => { events.onExit({ exitCode: null, isOutOfMemory: false, error: undefined, how: 'inline' }); });
      }
      return Promise.resolve();
    },
  };
}

/** The stores are declared on this thread already. Loading a test runner's modules again would make other stores of them. */
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
    return uncloneableResponse(response, cause);
  }
}
