import { Worker } from 'node:worker_threads';

import { process } from '../../node/intrinsics.ts';

/** A terminal sends these signals to all processes in its foreground, and a supervisor to the whole process group. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies NodeJS.Signals[];

/**
 * Makes a worker process live as long as its parent: it ends with the parent, and ignores signals that are sent to both. Otherwise an
 * application that drains its pool on SIGTERM would have no worker left for that.
 */
export function liveWithParent(): void {
  for (const signal of signals) process.on(signal, () => undefined);
  // No caller waits for the results of this process any more.
  process.on('disconnect', () => process.exit());
  if (!process.connected) process.exit();
  watchParent();
}

// On Windows an orphan keeps the pid of its parent; elsewhere it gets another parent.
const guard = (parent: number): string => `
  const parent = ${parent};
  const isOrphan = process.platform === 'win32' ? () => !isAlive(parent) : () => process.ppid !== parent;
  const isAlive = (pid) => {
    try {
      return process.kill(pid, 0);
    } catch (error) {
      return error.code === 'EPERM';
    }
  };
  setInterval(() => { if (isOrphan()) process.kill(process.pid, 'SIGKILL'); }, 500);
`;

/** A thread of its own, since a task in a synchronous loop notices neither a signal nor that the channel has closed. */
function watchParent(): void {
  const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };
  try {
    const worker = new Worker(guard(process.ppid), { eval: true, execArgv: [], env: {}, resourceLimits });
    worker.on('error', () => undefined);
    worker.unref();
  } catch {
    // Threads are not allowed here (`--permission`): then only a task in a synchronous loop outlives the parent.
  }
}
