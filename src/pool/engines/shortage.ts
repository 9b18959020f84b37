import { WorkerCrashedError } from '../../errors.ts';

/*
 * A worker may not start because the machine lacks processes, file descriptors or memory, and not because of the pool's options. Such a
 * shortage passes, so the next start is tried again.
 */

const files = 'raise the limit of open files (`ulimit -n`), or look for what leaves files and sockets open';

/** Remedies by the system's error code. */
const remedies: Readonly<Record<string, string>> = {
  EAGAIN: 'The table of processes and threads is full: raise its limit (`ulimit -u`, a container\'s limit of pids), or give the pool fewer `maxThreads`.',
  EMFILE: `This process has no file descriptor left: ${files}.`,
  ENFILE: `The machine has no file descriptor left: ${files}.`,
  ENOMEM: 'There is no memory left for another worker: give the machine or the container more, or the pool fewer `maxThreads`.',
};

/** The system's error code where a shortage keeps a worker from starting; undefined for any other cause. */
export function shortageOf(error: unknown): string | undefined {
  const { code, message, syscall } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; message?: unknown; syscall?: unknown };
  if (typeof code === 'string' && (Object.hasOwn(remedies, code) || syscall === 'spawn')) return code;
  if (typeof message !== 'string') return undefined;
  // "EAGAIN", or "Worker initialization failure: EMFILE".
  if (code === 'ERR_WORKER_INIT_FAILED') return /\bE[A-Z0-9]+$/.exec(message)?.[0] ?? code;
  return error instanceof RangeError && /allocat/i.test(message) ? 'ENOMEM' : undefined;
}

/** The same from the output of a process that has ended: there Node itself fails an assertion. */
export function shortageIn(text: string): string | undefined {
  return /\b(?:EAGAIN|EMFILE|ENFILE|ENOMEM)\b/.exec(text)?.[0] ?? (/\b(?:uv_thread_create|pthread_create)\b/.test(text) ? 'EAGAIN' : undefined);
}

/**
 * The error of the waiting calls when no worker is alive that could run them.
 * @param cause the error; or in words, how the worker ended
 */
export function shortageError(pool: string, code: string, cause: unknown): WorkerCrashedError {
  const text = cause instanceof Error ? cause.message : `it ended ${String(cause)}`;
  const what = text.includes(code) ? text : `${code}: ${text}`;
  const message = `The pool '${pool}' could not start a worker: ${what}. ${remedyFor(code)} The task was not started; the next call tries again.`;
  return new WorkerCrashedError(message, null, cause instanceof Error ? { cause } : undefined);
}

function remedyFor(code: string): string {
  if (code === 'ENOENT' || code === 'EACCES') {
    return `Worker processes run ${process.execPath}, which no longer exists or may not be executed: after an upgrade of Node, restart this process.`;
  }
  return remedies[code] ?? 'The system refuses to start one: look up the code.';
}
