import { Atomics, SharedArrayBuffer, Int32Array } from '../../node/intrinsics.ts';
import { inCleanRoot } from '../../context/root.ts';
import type { TaskHandle } from '../../task/current.ts';
import { announceEndHooks, runEndHooks } from '../../task/end-hooks.ts';
import { connectToPool } from '../../task/notices.ts';
import { realClock } from '../../node/limit-clock.ts';
import { AbortFlag } from '../../wire/abort-flag.ts';
import { layout, type AbortNotice, type AnswerNotice, type BatchDone, type PoolMessage, type RunResponse, type UnknownTextNotice, type WorkerSetup } from '../../wire/messages.ts';
import { ownOnly } from '../../wire/own-only.ts';
import { BatchResults } from '../../wire/batch-results.ts';
import { KeptTexts } from '../../wire/kept-texts.ts';
import { explainUncloneable } from '../../wire/values/uncloneable.ts';
import { runBatch, type BatchHost } from '../tasks/batch-runner.ts';
import { endCalmly } from './calm-exit.ts';
import { watchLeftovers } from '../tasks/leftovers.ts';
import { Reports } from '../progress.ts';
import { progressNotice, run, transfersOf, uncloneable } from '../tasks/task-runner.ts';
import { SideLine } from './side-channel.ts';
import { takeTinypoolPort } from '../tinypool/port.ts';

type ThreadMessage = PoolMessage | Promise<void>;

type Answer = RunResponse | BatchDone | undefined;

/** A worker thread: the flag in shared memory, notices by a port of its own. */
export function createThreadHandler(filename: string): (message: ThreadMessage) => Answer | Promise<Answer> | Promise<void> {
  const running = new Map<number, TaskHandle>();
  let control = new Int32Array(new SharedArrayBuffer(layout.size * Int32Array.BYTES_PER_ELEMENT));
  let flag = new AbortFlag(control);
  let side: SideLine | undefined;
  let reports: Reports | undefined;
  const host: BatchHost & { reportMemory: boolean; sheet: BatchResults } = {
    clock: realClock,
    channel: 'message',
    reportMemory: false,
    addresses: [],
    pollAbort: (id) => flag.kindFor(id),
    ready: () => { Atomics.store(control, layout.ready, 1); },
    started: (id) => { side?.post({ type: 'started', id }); },
    progress: (id, value) => {
      host.hasReported = true;
      report(reports, id, value);
    },
    running: (id, handle) => {
      if (handle === undefined) running.delete(id);
      else running.set(id, handle);
    },
    sheet: new BatchResults(),
    texts: new KeptTexts(),
    hasReported: false,
    post: (notice) => {
      reports?.finish();
      postAnswer(side, notice);
    },
    pointAtSheet: () => { side?.post({ type: 'sheet' }); },
  };

  function setUp({ control: block, attaching, sheet, sidePort, reportMemory }: WorkerSetup): void {
    if (block !== undefined) control = new Int32Array(block);
    flag = new AbortFlag(control);
    if (attaching !== undefined) endCalmly(control, new Int32Array(attaching));
    if (sheet !== undefined) host.sheet = new BatchResults(sheet);
    host.reportMemory = reportMemory;
    if (sidePort === undefined) return;
    const line = side = new SideLine(sidePort, control);
    reports = new Reports(line);
    watchLeftovers((notice) => { line.post(notice); });
    connectToPool((notice) => { line.post(notice); });
    announceEndHooks();
    // A port's handler runs in the context it was set in: not in that of the first task.
    inCleanRoot(() => sidePort.on('message', ({ id, kind }: AbortNotice) => running.get(id)?.abort(kind)));
  }

  const port = takeTinypoolPort(filename, 'default', () => { reports?.finish(); });
  return (message) => {
    if (port.isHold(message)) return message;
    if (message.type === 'rest') {
      port.hold();
      return undefined;
    }
    port.release();
    if (message.type === 'end') return runEndHooks();
    if (message.type === 'batch') return runBatch(ownOnly(message.batch), host);
    const received = ownOnly(message);
    if (received.setup !== undefined) setUp(ownOnly(received.setup));
    return run(received, host);
  };
}

function postAnswer(side: SideLine | undefined, notice: AnswerNotice | UnknownTextNotice): void {
  if (notice.type === 'unknown-text') {
    side?.post(notice);
    return;
  }
  try {
    side?.post(notice, transfersOf(notice.response));
  } catch (cause) {
    side?.post({ ...notice, response: uncloneable(notice.response, cause) });
  }
}

function report(reports: Reports | undefined, id: number, value: unknown): void {
  const notice = progressNotice(id, value, 'message');
  try {
    reports?.report(notice);
  } catch (cause) {
    throw explainUncloneable(notice.value, 'progress', cause);
  }
}
