import { declarations, findStore } from '../../context/stores/registry.ts';
import type { TaskRecord } from '../../task/registry.ts';
import { SentTexts } from '../../wire/kept-texts.ts';
import type { Call } from '../calls/call.ts';

/** The tasks, stores and texts that one worker has been sent and keeps: the pool need not send them again. */
export class WorkerKnowledge {
  /** Texts of stores, in batches. */
  readonly texts = new SentTexts();
  /** The tasks for which the worker has responded, and the number of each task there. */
  readonly #tasks = new Map<TaskRecord, number>();
  /** The task that was declared to the worker last, whether or not the worker has responded for it. */
  #declared: { readonly task: TaskRecord; readonly number: number } | undefined;
  readonly #stores = new KnownStores();

  /** The number of the task at this worker; undefined where the task has to be declared with its next call. */
  numberOf(task: TaskRecord): number | undefined {
    return this.#tasks.get(task);
  }

  /** Gives a task a number of its own at this worker. */
  declare(task: TaskRecord): number {
    this.#declared = { task, number: (this.#declared?.number ?? -1) + 1 };
    return this.#declared.number;
  }

  /** Whether the worker has run the call's task before, and has loaded the modules of its stores. */
  covers({ task, stores = [] }: Call): boolean {
    for (const { name } of stores) if (!this.#stores.has(name)) return false;
    return this.#tasks.has(task);
  }

  /** The modules that declare the call's stores and that the worker has not loaded; undefined where there is none. */
  missingModules({ stores = [] }: Call): string[] | undefined {
    let modules: string[] | undefined;
    for (const { name } of stores) {
      const record = this.#stores.has(name) ? undefined : findStore(name);
      if (record !== undefined) (modules ??= []).push(record.module);
    }
    return modules;
  }

  /** Call this with each response: the worker knows the task, and if the task ran, the modules of its stores have been loaded. */
  add({ task, stores = [] }: Call, hasRun: boolean): void {
    if (this.#declared?.task === task) this.#tasks.set(task, this.#declared.number);
    if (!hasRun) return;
    for (const { name } of stores) if (findStore(name) !== undefined) this.#stores.add(name);
  }
}

/** Names of stores that the worker has loaded. A name means the store that has it at the moment, so a new declaration invalidates all names. */
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
