import { AsyncLocalStorage } from 'node:async_hooks';

import type { TaskHandle } from './task/current.ts';
import type { TaskRecord } from './task/registry.ts';
import type { StoreRecord } from './context/carry.ts';

/** What every copy of offloop in one thread shares: a dist copy next to a source copy, CJS next to ESM. */
interface Realm {
  /** Calls back in the context this thread had when offloop was loaded: no request, no store. */
  readonly root: <R>(fn: () => R) => R;
  readonly stores: Map<string, StoreRecord>;
  readonly tasks: Map<string, TaskRecord>;
  readonly currentTask: AsyncLocalStorage<TaskHandle>;
  /** Epoch ms; written by `withDeadline` and by a running task. */
  readonly deadline: AsyncLocalStorage<number>;
  isWorker: boolean;
}

// The number is the version of the shape: copies of another shape keep a realm of their own.
const key = Symbol.for('offloop.realm.1');
const global = globalThis as typeof globalThis & { [key]?: Realm };

export const realm: Realm = (global[key] ??= {
  root: AsyncLocalStorage.snapshot(),
  stores: new Map(),
  tasks: new Map(),
  currentTask: new AsyncLocalStorage(),
  deadline: new AsyncLocalStorage(),
  isWorker: false,
});
