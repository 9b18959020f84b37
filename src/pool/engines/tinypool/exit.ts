import type { ChildProcess } from 'node:child_process';

import type { Tinypool } from 'tinypool';

import { setImmediate } from '../../../node/clock.ts';
import type { WorkerEvents, WorkerExit } from '../engine.ts';
import { shortageIn } from '../shortage.ts';
import { workerOf, type Handle, type Life } from './tinypool-worker.ts';

/** Reports the worker's end, once. tinypool listens to `error` only: after `process.exit()` in a thread its promise would never settle. */
export function watchExit(pool: Tinypool, handle: Handle, events: WorkerEvents, life: Life): void {
  const worker = workerOf(handle);
  let error: unknown;
  let stderrHead = '';
  let stderrTail = '';
  // Before tinypool's own listener, which would start a replacement: replacing a worker is the pool's task.
  worker?.prependListener('error', (cause: unknown) => {
    error ??= cause;
    life.state = 'ending';
    pool.options.minThreads = 0;
  });
  handle.process?.stderr?.on('data', (chunk: Buffer) => {
    if (stderrHead.length < 4096) stderrHead += chunk.toString();
    stderrTail = (stderrTail + chunk.toString()).slice(-4096);
  });
  worker?.once('exit', (code: number | null, signal?: NodeJS.Signals | null) => {
    life.state = 'ending';
    const exit = describeExit({ code, signal: signal ?? undefined, error, stderrTail, isProcess: handle.process !== undefined });
    const how = life.brokenBy && { error: asError(life.brokenBy.cause), how: 'since it could not respond any more' };
    events.onExit({ ...exit, ...how, shortage: shortageIn(stderrHead) });
    void pool.destroy();
    if (handle.process === undefined) return;
    setImmediate(drainOutput, handle.process);
    // tinypool raises the limit with each process that it starts.
    for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(stream.getMaxListeners() - 1);
  });
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | undefined;
  readonly error: unknown;
  readonly stderrTail: string;
  readonly isProcess: boolean;
}

function describeExit({ code, signal, error, stderrTail, isProcess }: Ending): WorkerExit {
  const isOutOfMemory = (error as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY' || stderrTail.includes('heap out of memory');
  // A process's own error event says only that the process has ended.
  const thrown = isProcess || isOutOfMemory ? undefined : error;
  if (thrown !== undefined) return { exitCode: code, isOutOfMemory, error: thrown, how: 'by an uncaught exception' };
  return { exitCode: code, isOutOfMemory, error: undefined, how: signal === undefined ? `with exit code ${String(code)}` : `by the signal ${signal}` };
}

/** From a process an error arrives as a plain object. */
function asError(cause: unknown): unknown {
  const { message, stack } = Object(cause) as { message?: unknown; stack?: unknown };
  return cause instanceof Error || typeof message !== 'string' ? cause : Object.assign(new Error(message), { stack });
}

/** tinypool has unpiped the output by now: what the process wrote last would be lost, and the pipes never closed. */
function drainOutput({ stdout, stderr }: ChildProcess): void {
  stdout?.pipe(process.stdout);
  stderr?.pipe(process.stderr);
}
