import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

import { sleep } from '../node/clock.ts';
import { stores } from '../context/stores/registry.ts';
import { currentTask } from '../task/current.ts';
import { offload } from '../task/offload.ts';

/** Which stores one task found set, and where it ran. A store without a name is one that is not carried. */
export interface Found {
  readonly worker: string;
  readonly stores: readonly (string | undefined)[];
}

/** How often a task looks whether it may go on, in ms. */
const POLL = 2;

const uncarried = new AsyncLocalStorage<string>();

/** Looks, leaves its mark, and holds its worker until a file appears, so that every worker runs one of these. */
export const hold = offload(import.meta, holdWorker, { name: 'hold' });

/** The same at once: such tasks share a message where many wait. */
export const touch = offload(import.meta, touchWorker, { name: 'touch' });

async function holdWorker(gate: string, declaredIn: readonly [name: string, module: string][]): Promise<Found> {
  const found = look();
  mark('before');
  for (const [name, module] of declaredIn) if (!stores.has(name)) await import(module);
  currentTask()?.progress('holding');
  while (!existsSync(gate)) await sleep(POLL);
  mark('after');
  return found;
}

function touchWorker(_nth: number): Found {
  const found = look();
  mark('at once');
  return found;
}

function look(): Found {
  const carried = [...stores.values()].filter(({ store, whenAbsent }) => !Object.is(store.getStore(), whenAbsent)).map(({ name }) => name);
  return { worker: `${process.pid}:${threadId}`, stores: uncarried.getStore() === undefined ? carried : [undefined, ...carried] };
}

function mark(when: string): void {
  const text = `left by expectNoContextLeak() ${when}`;
  uncarried.enterWith(text);
  for (const { store } of stores.values()) store.enterWith(text);
}
