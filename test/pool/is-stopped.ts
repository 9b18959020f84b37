import { expect } from 'vitest';

import { node } from '../cli/processes.ts';
import { script } from './helpers.ts';

/** Stops a process with a pool and running tasks for a while. */
export async function expectNoTimeCounted(runtime: string): Promise<void> {
  const { process: child, wrote, ended } = node([script('is-stopped.js'), runtime], { detached: true });
  await wrote(/running/);
  // Stops the whole process group, to which worker processes belong.
  process.kill(-child.pid!, 'SIGSTOP');
  await new Promise((resolve) => { setTimeout(resolve, 1500); });
  process.kill(-child.pid!, 'SIGCONT');
  expect(await ended).toMatchObject({ code: 0, stdout: 'running\n["done","done"]\n42\n' });
}
