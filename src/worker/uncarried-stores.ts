import { AsyncLocalStorage } from 'node:async_hooks';

import { stores } from '../context/stores/registry.ts';
import { isOwnFrame } from '../node/stack-frames.ts';
import { defineOwn } from '../node/own-properties.ts';
import { runningTask, type TaskHandle } from '../task/current.ts';
import { warnViaPool } from '../task/notices.ts';
import { isDevelopment } from '../node/warnings.ts';

const { prototype } = AsyncLocalStorage;
const names = ['getStore', 'run', 'enterWith'] as const;
const natives = Object.fromEntries(names.map((name) => [name, Object.getOwnPropertyDescriptor(prototype, name)!]));
const getStore = natives.getStore!.value as (this: AsyncLocalStorage<unknown>) => unknown;

/** Entered in this worker, or looked at already: what such a store holds is its owner's affair. */
const known = new WeakSet<object>();

/**
 * A task that reads an AsyncLocalStorage which nobody has declared finds nothing, and nobody is told: its caller has set it in another
 * thread. So in development reads are looked at until one is found, and then no more. A store that this worker has entered itself,
 * and one that a library reads, may well be absent.
 */
export function watchReads(): void {
  if (!isDevelopment()) return;
  wrap('getStore', (native) => function read(this: AsyncLocalStorage<unknown>) {
    const value = native.call(this);
    if (value === undefined && !known.has(this)) look(this, read);
    return value;
  });
  for (const name of ['run', 'enterWith'] as const) {
    wrap(name, (native) => function (this: AsyncLocalStorage<unknown>, ...args: unknown[]) {
      known.add(this);
      return native.apply(this, args);
    });
  }
  keepNative(runningTask);
}

type Method = (this: AsyncLocalStorage<unknown>, ...args: unknown[]) => unknown;

function wrap(name: (typeof names)[number], around: (native: Method) => Method): void {
  defineOwn(prototype, name, { ...natives[name], value: around(natives[name]!.value as Method) });
}

/** Each task enters it. */
function keepNative(store: AsyncLocalStorage<TaskHandle>): void {
  Object.defineProperties(store, natives);
}

function look(store: AsyncLocalStorage<unknown>, read: Method): void {
  const task = getStore.call(runningTask) as TaskHandle | undefined;
  if (task === undefined || task.isOver) return;
  known.add(store);
  const place = readAt(read);
  if (place === undefined || [...stores.values()].some((record) => record.store === store)) return;
  for (const name of names) defineOwn(prototype, name, natives[name]!);
  warnViaPool(
    'OFFLOOP_UNCARRIED_STORE',
    `The task '${task.name}' has read an AsyncLocalStorage that is not set in its worker, ${place}. If its caller sets it, have it travel: ` +
      "carry(import.meta, store, { name: '…' }), in the module that makes the store. If not, nothing is wrong. Said once, and never with NODE_ENV=production.",
  );
}

/** Where the user's own code has read it; undefined where that was a library, offloop or Node, whose affair it is. */
function readAt(read: Method): string | undefined {
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, read);
  // An Error.prepareStackTrace of the user's may make anything of it.
  const { stack } = holder;
  const caller = typeof stack === 'string' ? stack.split('\n').find((line) => line.startsWith('    at ')) : undefined;
  return caller === undefined || isOwnFrame(caller) || /[\\/]node_modules[\\/]/.test(caller) ? undefined : caller.trim();
}
