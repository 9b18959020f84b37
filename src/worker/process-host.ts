import { openSync, readSync, unlinkSync } from 'node:fs';

import { now } from '../clock.ts';
import { inCleanRoot } from '../context/root.ts';
import type { TaskHandle } from '../task/current.ts';
import { connectSide, runEndHooks } from '../task/ending.ts';
import { realClock } from '../timer.ts';
import { fromBytes, serialize, toBytes, type BytesMessage } from '../wire/bytes.ts';
import { abortKinds, type AbortNotice, type EndMessage, type RunMessage, type RunResponse, type WorkerNotice, type WorkerSetup } from '../wire/messages.ts';
import { ownOnly } from '../wire/own-only.ts';
import { explainUncloneable } from '../wire/uncloneable.ts';
import { liveWithParent } from './parent.ts';
import { watchFatal } from './fatal.ts';
import { watchLeftovers } from './leftovers.ts';
import { progressNotice, run, scopeOf, uncloneable, type WorkerHost } from './run.ts';

/** How long a look at the abort file stays good, so that a task may ask on every turn of a loop. */
const POLL_EVERY_MS = 2;

/** A worker process: the flag in a file, notices beside tinypool's messages on the same channel. */
export function createProcessHandler(): (message: BytesMessage) => Promise<BytesMessage> {
  const running = new Map<number, TaskHandle>();
  let readFlag: () => readonly [id: number, kind: number] = () => [0, 0];
  const host: WorkerHost & { reportMemory: boolean } = {
    clock: realClock,
    channel: 'bytes',
    reportMemory: false,
    addresses: [],
    pollAbort: (id) => {
      const [told, kind] = readFlag();
      return told === id ? abortKinds[kind] : undefined;
    },
    ready: () => { send({ type: 'ready' }); },
    started: (id) => { send({ type: 'started', id }); },
    progress: (id, value) => { sendProgress(id, value); },
    running: (id, handle) => {
      if (handle === undefined) running.delete(id);
      else running.set(id, handle);
    },
  };

  function setUp({ abortFile, reportMemory }: WorkerSetup): void {
    host.reportMemory = reportMemory;
    watchLeftovers(send);
    watchFatal(send);
    connectSide(send);
    if (abortFile !== undefined) readFlag = flagReader(abortFile);
    inCleanRoot(() => {
      process.on('message', (message: { offloop?: BytesMessage }) => {
        if (message.offloop === undefined) return;
        const { id, kind } = fromBytes<AbortNotice>(message.offloop);
        running.get(id)?.abort(kind);
      });
    });
  }

  inCleanRoot(liveWithParent);
  return async (bytes) => {
    const message = fromBytes<RunMessage | EndMessage>(bytes);
    if (message.type === 'end') {
      await runEndHooks();
      return bytes;
    }
    const received = ownOnly(message);
    if (received.setup !== undefined) setUp(ownOnly(received.setup));
    return answer(await run(received, host));
  };
}

function answer(response: RunResponse): BytesMessage {
  const scope = scopeOf(response);
  return scope === undefined ? encode(response) : scope.runInAsyncScope(encode, undefined, response);
}

function encode(response: RunResponse): BytesMessage {
  try {
    return toBytes(response);
  } catch (cause) {
    return toBytes(uncloneable(response, cause, serialize));
  }
}

function send(notice: WorkerNotice): void {
  process.send?.({ offloop: toBytes(notice) });
}

function sendProgress(id: number, value: unknown): void {
  const notice = progressNotice(id, value, 'bytes');
  try {
    send(notice);
  } catch (cause) {
    throw explainUncloneable(notice.value, 'progress', cause, serialize);
  }
}

function flagReader(path: string): () => readonly [number, number] {
  const file = openSync(path, 'r');
  // An open file needs no name, and leaves none behind however this ends; Windows keeps it until the parent removes it.
  if (process.platform !== 'win32') unlinkSync(path);
  const numbers = new Float64Array(2);
  let readAt = -Infinity;
  return () => {
    const instant = now();
    if (instant - readAt >= POLL_EVERY_MS) {
      readSync(file, numbers, 0, numbers.byteLength, 0);
      readAt = instant;
    }
    return [numbers[0] ?? 0, numbers[1] ?? 0];
  };
}
