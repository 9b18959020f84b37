import { Worker } from 'node:worker_threads';

import { process } from '../../node/intrinsics.ts';

/** A terminal sends these to all that run in its foreground, and supervisors to the whole process group. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies NodeJS.Signals[];

/**
 * A worker process lives as long as the process that started it: it ends with that, and of nothing that is told to both.
 * An application that drains its pool on SIGTERM would otherwise find no worker left to do it.
 */
export function liveWithParent(): void {
  for (const signal of signals) process.on(signal, () => undefined);
  // Nobody waits for what this process still computes.
  process.on('disconnect', () => process.exit());
  if (!process.connected) process.exit();
  watchParent();
}

// Windows leaves the number of a parent that is gone; elsewhere an orphan has another parent.
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
    // Threads are not allowed here (`--permission`): only such a loop outlives the parent then.
  }
}
