import { ChildProcess } from 'node:child_process';
import { getSystemErrorName } from 'node:util';

interface Spawned extends ChildProcess {
  spawn(options: { stdio: unknown[] }): number;
}

/** Whether a child gets a pipe for aborts, which needs no writable folder. Windows has no pipe that can be read without waiting. */
export const hasAbortPipe = process.platform !== 'win32';

/** The descriptor of that pipe in the child: after stdin, stdout, stderr and the channel. */
export const ABORT_PIPE = 4;

/**
 * Calls `start`, which makes tinypool fork one process. Node (20 to 26) reports most failures of a start by an event, and leaves a child
 * without a process, or even without its channel; tinypool expects neither, and loses the child. So the failure is thrown from inside
 * the fork, before tinypool has set anything up.
 * @param withPipe whether the child gets one pipe more than tinypool asks for
 * @throws the system's error: `code`, `errno` and `syscall: 'spawn'`
 */
export function spawning<T>(start: () => T, withPipe: boolean): T {
  const prototype = ChildProcess.prototype as Spawned;
  const own = Object.getOwnPropertyDescriptor(prototype, 'spawn')!;
  const restore = (): void => { Object.defineProperty(prototype, 'spawn', own); };
  const { spawn } = prototype;
  prototype.spawn = function (this: Spawned, options) {
    restore();
    if (withPipe) options.stdio = [...options.stdio, 'pipe'];
    const status = spawn.call(this, options);
    if (status !== 0) throw failure(this, status);
    return status;
  };
  try {
    return start();
  } finally {
    restore();
  }
}

function failure(child: ChildProcess, status: number): Error {
  // Node emits the same error in a moment; without a listener, that would end this process.
  child.on('error', () => undefined);
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`spawn ${process.execPath} ${code}`), { code, errno: status, syscall: 'spawn', path: process.execPath });
}
