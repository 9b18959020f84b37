import { AsyncLocalStorage } from 'node:async_hooks';

import { stores } from '../../context/stores/registry.ts';
import { isOwnFrame } from '../../node/stack-frames.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { runningTask, type TaskHandle } from '../../task/current.ts';
import { warnViaPool } from '../../task/notices.ts';
import { isDevelopment } from '../../node/warnings.ts';

const { prototype } = AsyncLocalStorage;
const names = ['getStore', 'run', 'enterWith'] as const;
const natives = Object.fromEntries(names.map((name) => [name, Object.getOwnPropertyDescriptor(prototype, name)!]));
const getStore = natives.getStore!.value as (this: AsyncLocalStorage<unknown>) => unknown;

/** Stores that were entered in this worker, or that have been checked already. */
const known = new WeakSet<object>();

/**
 * Warns, in development, when a task reads an AsyncLocalStorage that was not declared with carry(): its caller has set the store in another
 * thread, so the task finds nothing, with no error. Watches reads until it has found one, and then no longer. Ignores stores that
 * this worker has entered itself, and reads by libraries, since such a store may be absent on purpose.
 */
export function watchReads(): void {
  if (!isDevelopment()) return;
  wrap('getStore', (native) => function read(this: AsyncLocalStorage<unknown>) {
    const value = native.call(this);
    if (value === undefined && !known.has(this)) check(this, read);
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

/** Each task enters this store, so it keeps the native methods. */
function keepNative(store: AsyncLocalStorage<TaskHandle>): void {
  Object.defineProperties(store, natives);
}

function check(store: AsyncLocalStorage<unknown>, read: Method): void {
  const task = getStore.call(runningTask) as TaskHandle | undefined;
  if (task === undefined || task.isOver) return;
  known.add(store);
  const place = readAt(read);
  if (place === undefined || [...stores.values()].some((record) => record.store === store)) return;
  for (const name of names) defineOwn(prototype, name, natives[name]!);
  warnViaPool(
    'OFFLOOP_UNCARRIED_STORE',
    `The task '${task.name}' has read an AsyncLocalStorage that is not set in its worker, ${place}. If its caller sets the store, carry it: ` +
      "carry(import.meta, store, { name: '…' }), in the module that creates the store. If not, nothing is wrong. This warning is given once, and never with NODE_ENV=production.",
  );
}

/** Where the user's own code has read the store; undefined where a library, offloop or Node has. */
function readAt(read: Method): string | undefined {
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, read);
  // An Error.prepareStackTrace of the user's may return anything.
  const { stack } = holder;
  const caller = typeof stack === 'string' ? stack.split('\n').find((line) => line.startsWith('    at ')) : undefined;
  return caller === undefined || isOwnFrame(caller) || /[\\/]node_modules[\\/]/.test(caller) ? undefined : caller.trim();
}
