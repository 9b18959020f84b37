import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

import '../core.ts';
import { sleep } from '../node/clock.ts';
import { stores } from '../context/stores/registry.ts';
import { currentTask } from '../task/current.ts';
import { offload } from '../task/offload.ts';

/** The stores that one task found set, and its worker. `undefined` stands for an AsyncLocalStorage that is not carried. */
export interface Found {
  readonly worker: string;
  readonly stores: readonly (string | undefined)[];
}

/** How often a task checks whether the file exists, in ms. */
const POLL = 2;

const uncarried = new AsyncLocalStorage<string>();

/** Looks for stores, enters all of them, and keeps its worker busy until a file exists, so that every worker runs one such task. */
export const hold = offload(import.meta, holdWorker, { name: 'hold' });

/** Looks for stores, enters all of them, and ends at once: where many such tasks wait, they share a message. */
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
