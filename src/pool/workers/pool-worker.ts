import { now } from '../../node/clock.ts';
import type { CallStores } from '../../context/call-stores.ts';
import { declarations, findStore } from '../../context/stores/registry.ts';
import type { TaskRecord } from '../../task/registry.ts';
import type { Timer } from '../../node/limit-clock.ts';
import type { BatchExtras, LeftoverNotice, RunMessage } from '../../wire/messages.ts';
import { SentTexts } from '../../wire/kept-texts.ts';
import type { Call, CallExtras } from '../calls/call.ts';
import type { EngineWorker } from '../engines/engine.ts';

/** One worker and what it is doing. */
export interface PoolWorker {
  readonly worker: EngineWorker;
  readonly startedAt: number;
  /** The tasks it has answered for, by their numbers there. */
  readonly knownTasks: Map<TaskRecord, number>;
  /** The task that was declared to it last, with a number of its own, whether or not it has been answered for. */
  declared: { readonly task: TaskRecord; readonly number: number } | undefined;
  /** Stores whose declaring module it has loaded. */
  readonly knownStores: KnownStores;
  /** Texts of stores, in batches. */
  readonly sentTexts: SentTexts;
  /** How many batches it was sent. */
  batches: number;
  /** What it was sent last, by place; undefined where that was answered or taken back. */
  calls: (Call | undefined)[];
  /** That was a batch. */
  isBatch: boolean;
  sentAt: number;
  tasks: number;
  /** Bytes, after its last task. */
  memory: number;
  idleSince: number;
  /** When it was last sent something, or answered. */
  heardAt: number;
  /** How long it may be silent in a batch, in ms. */
  patience: number;
  /** So many times as long as others: what it is sent may be large, and take long to arrive. */
  leniency: number;
  isResting: boolean;
  /** Why it is to be replaced as soon as it is free: a module did not load, or what a finished task left has thrown. */
  isSpoiled: 'module' | 'leftover' | undefined;
  /** A notice that could not be read, in what it was sent last: perhaps the answer to a task of a batch. */
  unread: { readonly cause: unknown } | undefined;
  /** What a finished task has left running, and what that did last. */
  leftover: LeftoverNotice | undefined;
  /** The worker has something to do before it ends. */
  hasEndHooks: boolean;
  /** Who waits for the worker while it does that. */
  onGone: (() => void) | undefined;
  /** Runs out when the worker has not been set up by then. */
  startTimer: Timer | undefined;
  /** Runs out when the first call of a task has not begun by then: the task's module is still being loaded. */
  loadTimer: Timer | undefined;
  /** The task that was told to stop, and the time it has for it. */
  told: number | undefined;
  grace: Timer | undefined;
  state: 'idle' | 'busy' | 'ending';
}

/** Names of stores. They stand for the stores that are declared by them at the moment, so a declaration outdates them all. */
class KnownStores {
  readonly #names = new Set<string>();
  #declarations = 0;

  has(name: string): boolean {
    return this.#declarations === declarations.count && this.#names.has(name);
  }

  add(name: string): void {
    if (this.#declarations !== declarations.count) this.#names.clear();
    this.#declarations = declarations.count;
    this.#names.add(name);
  }
}

export function createSlot(worker: EngineWorker): PoolWorker {
  return {
    ...{ worker, startedAt: now(), isSpoiled: undefined, unread: undefined, leftover: undefined, hasEndHooks: false, onGone: undefined, startTimer: undefined, loadTimer: undefined },
    ...{ knownTasks: new Map<TaskRecord, number>(), declared: undefined, knownStores: new KnownStores(), sentTexts: new SentTexts() },
    ...{ batches: 0, calls: [], isBatch: false, sentAt: 0 },
    ...{ tasks: 0, memory: 0, idleSince: 0, heardAt: 0, patience: 0, leniency: 1, isResting: false, told: undefined, grace: undefined, state: 'idle' },
  };
}

/** What the worker is sent. Only the keys that are needed: each one is cloned, also when it is undefined. */
export function messageFor({ id, task, args, stores, extras }: Call, slot: PoolWorker): RunMessage {
  const known = slot.knownTasks.get(task);
  const message: Mutable<RunMessage> = { type: 'run', id, task: known ?? declare(task, slot), args };
  if (known === undefined) {
    message.declares = { module: task.module, name: task.name };
    message.sayWhenStarted = true;
  }
  if (extras !== undefined) addExtras(message, extras);
  if (stores !== undefined) {
    message.stores = pairsOf(stores);
    const declaredIn = unknownModules(stores, slot);
    if (declaredIn !== undefined) message.declaredIn = declaredIn;
  }
  return message;
}

function declare(task: TaskRecord, slot: PoolWorker): number {
  slot.declared = { task, number: (slot.declared?.number ?? -1) + 1 };
  return slot.declared.number;
}

export function addExtras(message: Mutable<BatchExtras>, { repairs, deadline, due, timeout }: CallExtras): void {
  if (repairs !== undefined) message.repairs = repairs;
  if (deadline !== undefined) Object.assign(message, { deadline, due });
  if (timeout !== undefined) message.sayWhenStarted = true;
}

/** Not with `flatMap()`, which takes longer than all else that is done for a call. */
function pairsOf(stores: CallStores): string[] {
  const pairs: string[] = [];
  for (const { name, text } of stores) pairs.push(name, text);
  return pairs;
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function unknownModules(stores: CallStores, { knownStores }: PoolWorker): string[] | undefined {
  let modules: string[] | undefined;
  for (const { name } of stores) {
    const record = knownStores.has(name) ? undefined : findStore(name);
    if (record !== undefined) (modules ??= []).push(record.module);
  }
  return modules;
}

/** It has run such a task before, and knows the stores that come with this one. */
export function isKnown({ task, stores = [] }: Call, { knownTasks, knownStores }: PoolWorker): boolean {
  for (const { name } of stores) if (!knownStores.has(name)) return false;
  return knownTasks.has(task);
}

/** The worker has answered, so it knows the task; and if the task ran, the modules of its stores have been loaded. */
export function remember({ task, stores = [] }: Call, slot: PoolWorker, hasRun: boolean): void {
  if (slot.declared?.task === task) slot.knownTasks.set(task, slot.declared.number);
  if (!hasRun) return;
  for (const { name } of stores) if (findStore(name) !== undefined) slot.knownStores.add(name);
}
