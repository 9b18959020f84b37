import { expect } from 'vitest';

import { node } from '../cli/processes.ts';
import { script } from './helpers.ts';

/** Stops a process with a pool for a while, with its tasks running. */
export async function expectNoTimeCounted(runtime: string): Promise<void> {
  const { process: child, wrote, ended } = node([script('is-stopped.js'), runtime], { detached: true });
  await wrote(/running/);
  // All of its group, which worker processes belong to.
  process.kill(-child.pid!, 'SIGSTOP');
  await new Promise((resolve) => { setTimeout(resolve, 1500); });
  process.kill(-child.pid!, 'SIGCONT');
  expect(await ended).toMatchObject({ code: 0, stdout: 'running\n["done","done"]\n42\n' });
}
