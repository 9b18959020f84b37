import { WorkerCrashedError } from '../../errors.ts';

/*
 * The machine, and not what the pool was given, is why a worker does not start. That passes, so nothing is concluded from it for
 * the next start.
 */

const files = 'raise the limit of open files (`ulimit -n`), or look for what leaves files and sockets open';

/** What is short, and what to do. */
const remedies: Readonly<Record<string, string>> = {
  EAGAIN: 'The table of processes and threads is full: raise its limit (`ulimit -u`, a container\'s limit of pids), or give the pool fewer `maxThreads`.',
  EMFILE: `This process has no file descriptor left: ${files}.`,
  ENFILE: `The machine has no file descriptor left: ${files}.`,
  ENOMEM: 'There is no memory left for another worker: give the machine or the container more, or the pool fewer `maxThreads`.',
};

/** The code of the system's error that keeps a worker from starting; undefined where the cause is another one. */
export function shortageOf(error: unknown): string | undefined {
  const { code, message, syscall } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; message?: unknown; syscall?: unknown };
  if (typeof code === 'string' && (Object.hasOwn(remedies, code) || syscall === 'spawn')) return code;
  if (typeof message !== 'string') return undefined;
  // "EAGAIN", or "Worker initialization failure: EMFILE".
  if (code === 'ERR_WORKER_INIT_FAILED') return /\bE[A-Z0-9]+$/.exec(message)?.[0] ?? code;
  return error instanceof RangeError && /allocat/i.test(message) ? 'ENOMEM' : undefined;
}

/** The same from what a process has written before it ended: Node itself ends there by an assertion. */
export function shortageIn(text: string): string | undefined {
  return /\b(?:EAGAIN|EMFILE|ENFILE|ENOMEM)\b/.exec(text)?.[0] ?? (/\b(?:uv_thread_create|pthread_create)\b/.test(text) ? 'EAGAIN' : undefined);
}

/**
 * What the calls get that wait when no worker lives that could run them.
 * @param cause the error; or how the worker ended
 */
export function shortageError(pool: string, code: string, cause: unknown): WorkerCrashedError {
  const text = cause instanceof Error ? cause.message : `it ended ${String(cause)}`;
  const what = text.includes(code) ? text : `${code}: ${text}`;
  const message = `The pool '${pool}' could not start a worker: ${what}. ${remedyFor(code)} The next call tries again; the task was not started.`;
  return new WorkerCrashedError(message, null, cause instanceof Error ? { cause } : undefined);
}

function remedyFor(code: string): string {
  if (code === 'ENOENT' || code === 'EACCES') {
    return `Worker processes run ${process.execPath}, which is not there any more or may not be run: after an upgrade of Node, restart this process.`;
  }
  return remedies[code] ?? 'The system refuses it: look up the code.';
}
