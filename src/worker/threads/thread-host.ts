import { ownThreadId } from '../../node/cpus/thread-cpu.ts';
import { Atomics, Int32Array } from '../../node/intrinsics.ts';
import { inCleanRoot } from '../../context/root.ts';
import { announceEndHooks, runEndHooks } from '../../task/end-hooks.ts';
import { connectToPool } from '../../task/notices.ts';
import { realClock } from '../../node/limit-clock.ts';
import { SharedAbortFlag } from '../../wire/abort-flag.ts';
import { BatchResults } from '../../wire/batch-results.ts';
import { blockIn, controlNumbers, controlWords, createControlBlock, numbersOf, tagOfBatch, tagOfRun } from '../../wire/control-block.ts';
import { KeptTexts } from '../../wire/kept-texts.ts';
import type { ResponseNotice, UnknownTextNotice } from '../../wire/messages/notices.ts';
import type { AbortMessage, TaskRequest } from '../../wire/messages/requests.ts';
import type { BatchDone, RunResponse } from '../../wire/messages/responses.ts';
import type { ThreadSetup } from '../../wire/messages/setup.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { CpuMeter } from '../cpu/cpu-meter.ts';
import { watchLeftovers } from '../notices/leftovers.ts';
import { ProgressSender } from '../notices/progress-sender.ts';
import { runBatch, type BatchHost } from '../tasks/batch-runner.ts';
import { encodeProgress } from '../tasks/progress.ts';
import { transfersOf, uncloneableResponse } from '../tasks/responses.ts';
import { run } from '../tasks/task-runner.ts';
import { RunningTasks, takeNumber } from '../tasks/worker-host.ts';
import { takeTinypoolPort } from '../tinypool/thread-port.ts';
import { waitForInspector } from './inspector-wait.ts';
import { SideChannel } from './side-channel.ts';

type Response = RunResponse | BatchDone | undefined;

/** Creates the function that tinypool calls in a worker thread. The abort flag is in shared memory; notices go by a port of their own. */
export function createThreadHandler(filename: string): (message: TaskRequest | Promise<void>) => Response | Promise<Response> | Promise<void> {
  let control = createControlBlock();
  let numbers = numbersOf(control);
  let meter: CpuMeter | undefined;
  let flag = new SharedAbortFlag(control);
  let side: SideChannel | undefined;
  let progress: ProgressSender | undefined;
  const host: BatchHost & { worker: number; reportMemory: boolean; results: BatchResults } = {
    worker: 1,
    clock: realClock,
    channel: 'message',
    reportMemory: false,
    addresses: [],
    setStartedAt: (at) => { numbers[controlNumbers.taskStartedAt] = at; },
    running: new RunningTasks(),
    pollAbort: (id) => flag.kindFor(id),
    ready: () => {
      Atomics.store(control, controlWords.ready, 1);
      // The start and the preloads are the pool's, and no call's.
      meter?.skip();
    },
    notify: (notice) => { side?.post(notice); },
    progress: (id, value) => {
      host.hasReported = true;
      encodeProgress(id, value, 'message', (notice) => { progress?.send(notice); });
    },
    results: new BatchResults(),
    texts: new KeptTexts(),
    hasReported: false,
    readCpu: () => meter?.read(),
    addRun: (ms) => { meter?.addRun(ms); },
    post: (notice) => {
      progress?.flush();
      postNotice(side, notice);
    },
    announceResults: () => { side?.post({ type: 'results' }); },
  };

  function setUp(setup: ThreadSetup): void {
    const { sidePort } = setup;
    control = blockIn(setup.control);
    numbers = numbersOf(control);
    Atomics.store(control, controlWords.threadId, ownThreadId());
    meter = new CpuMeter(control);
    flag = new SharedAbortFlag(control);
    waitForInspector(control, new Int32Array(setup.inspectorLock));
    host.results = new BatchResults(setup.results);
    host.reportMemory = setup.reportMemory;
    host.worker = takeNumber(setup);
    const channel = side = new SideChannel(sidePort, control);
    progress = new ProgressSender(channel);
    watchLeftovers((notice) => { channel.post(notice); });
    connectToPool((notice) => { channel.post(notice); });
    announceEndHooks();
    // A port's listener runs in the context in which it was added, which must not be that of the first task.
    inCleanRoot(() => sidePort.on('message', (message: AbortMessage) => { host.running.abort(message); }));
  }

  const port = takeTinypoolPort(filename, 'default', {
    beforeResponse: (response) => {
      progress?.flush();
      meter?.beforeResponse(response);
    },
    afterResponse: () => { meter?.endMessage(); },
  });
  return (message) => {
    if (port.isOwnTask(message)) return message;
    if (message.type === 'resume-event-loop') {
      port.resumeEventLoop();
      return undefined;
    }
    // Timers and I/O of finished tasks have run meanwhile.
    if (port.letSleep()) meter?.skip();
    if (message.type === 'run-end-hooks') return runEndHooks();
    if (message.type === 'batch') {
      const batch = ownOnly(message.batch);
      meter?.beginMessage(tagOfBatch(batch.number), false, false);
      return runBatch(batch, host);
    }
    const received = ownOnly(message);
    if (received.setup?.type === 'thread') setUp(ownOnly(received.setup));
    meter?.beginMessage(tagOfRun(received.id), received.wantsCpu === true, received.declares !== undefined);
    return run(received, host);
  };
}

function postNotice(side: SideChannel | undefined, notice: ResponseNotice | UnknownTextNotice): void {
  if (notice.type === 'unknown-text') {
    side?.post(notice);
    return;
  }
  try {
    side?.post(notice, transfersOf(notice.response));
  } catch (cause) {
    side?.post({ ...notice, response: uncloneableResponse(notice.response, cause) });
  }
}
