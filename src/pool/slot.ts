import { stores as declaredStores } from '../context/carry.ts';
import type { TaskRecord } from '../task/registry.ts';
import type { RunMessage } from '../wire/messages.ts';
import type { Call } from './call.ts';
import type { EngineWorker } from './engine.ts';

/** One worker and what it is doing. */
export interface Slot {
  readonly worker: EngineWorker;
  /** The tasks it has answered for, by their numbers there. */
  readonly knownTasks: Map<TaskRecord, number>;
  /** Stores whose declaring module it has loaded. */
  readonly knownStores: Set<string>;
  /** What it has been sent and has not answered, by id; more than one in a batch. */
  readonly calls: Map<number, Call>;
  tasks: number;
  /** Bytes, after its last task. */
  memory: number;
  idleSince: number;
  /** When it was last sent something, or answered. */
  heardAt: number;
  isResting: boolean;
  /** The task that was told to stop, and the time it has for it. */
  told: number | undefined;
  grace: NodeJS.Timeout | undefined;
  state: 'idle' | 'busy' | 'ending';
}

export function createSlot(worker: EngineWorker): Slot {
  return {
    ...{ worker, knownTasks: new Map<TaskRecord, number>(), knownStores: new Set<string>(), calls: new Map<number, Call>() },
    ...{ tasks: 0, memory: 0, idleSince: 0, heardAt: 0, isResting: false, told: undefined, grace: undefined, state: 'idle' },
  };
}

/** What the worker is sent. Only the keys that are needed: each one is cloned, also when it is undefined. */
export function messageFor({ input }: Call, slot: Slot): RunMessage {
  const { id, task, args, buffers, stores, deadline, timeout } = input;
  const number = slot.knownTasks.get(task);
  const message: Mutable<RunMessage> = { id, task: number ?? slot.knownTasks.size, args };
  if (number === undefined) message.declares = { module: task.module, name: task.name };
  if (buffers !== undefined) message.buffers = buffers;
  if (deadline !== undefined) message.deadline = deadline;
  if (timeout !== undefined) message.sayWhenStarted = true;
  if (stores !== undefined) {
    message.stores = stores;
    const declaredIn = unknownModules(stores, slot.knownStores);
    if (declaredIn !== undefined) message.declaredIn = declaredIn;
  }
  return message;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function unknownModules(stores: readonly string[], known: Set<string>): string[] | undefined {
  let modules: string[] | undefined;
  for (let i = 0; i < stores.length; i += 2) {
    const name = stores[i]!;
    const record = known.has(name) ? undefined : declaredStores.get(name);
    if (record !== undefined) (modules ??= []).push(record.module);
  }
  return modules;
}

/** The worker has answered, so it knows the task; and if the task ran, the modules of its stores have been loaded. */
export function remember({ input: { task, stores = [] } }: Call, slot: Slot, hasRun: boolean): void {
  if (!slot.knownTasks.has(task)) slot.knownTasks.set(task, slot.knownTasks.size);
  for (let i = 0; hasRun && i < stores.length; i += 2) slot.knownStores.add(stores[i]!);
}
