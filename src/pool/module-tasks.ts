import { moduleUrl, type ModuleRef } from '../context/module-ref.ts';
import { checkOptions, rules, type Rule } from '../validation/options.ts';
import { checkRunOptions, type RunOptions } from '../task/options.ts';
import type { TaskRecord } from '../task/registry.ts';
import type { ErrorClass } from '../wire/errors/error-repairs.ts';

/** The functions that a module exports, each of which returns a promise. */
export type TasksOf<M> = {
  readonly [K in keyof M as M[K] extends (...args: never[]) => unknown ? K : never]: M[K] extends (...args: infer A) => infer R
    ? PlainTask<A, Awaited<R>>
    : never;
};

export interface PlainTask<A extends unknown[], R> {
  (...args: A): Promise<R>;
  /** The same function, with options for its calls. */
  with(options: RunOptions): (...args: A) => Promise<R>;
}

export interface PlainTaskOptions {
  /** Error classes whose instances keep their class on this side, which does not load the module to find them. */
  errors?: readonly ErrorClass[];
}

type RunRecord = (record: TaskRecord, args: readonly unknown[], options: RunOptions | undefined) => Promise<unknown>;

const table: Readonly<Record<keyof PlainTaskOptions, Rule>> = {
  errors: rules.errorClasses,
};

/** The plain modules that a pool calls. */
export class PlainModules {
  readonly #run: RunRecord;
  readonly #modules = new Map<string, { readonly errors: readonly ErrorClass[]; readonly tasks: object }[]>();

  constructor(run: RunRecord) {
    this.#run = run;
  }

  /** Returns the same object for the same module: workers keep each task that they are sent, so this side must reuse its records of the tasks. */
  tasks<M>(module: ModuleRef, options: PlainTaskOptions): TasksOf<M> {
    const url = moduleUrl('pool.tasks()', module);
    const { errors = [] } = checkOptions<PlainTaskOptions>('pool.tasks()', options, table);
    const known = this.#modules.get(url) ?? [];
    this.#modules.set(url, known);
    let found = known.find((entry) => entry.errors.length === errors.length && entry.errors.every((e, i) => e === errors[i]));
    if (found === undefined) known.push((found = { errors: [...errors], tasks: callsInto(this.#run, url, module, errors) }));
    return found.tasks as TasksOf<M>;
  }
}

/** Every property is a callable task, because only the worker loads the module. A call rejects if the module has no export of that name. */
function callsInto(run: RunRecord, url: string, ref: ModuleRef, errors: readonly ErrorClass[]): object {
  const calls = new Map<string, PlainTask<unknown[], unknown>>();
  return new Proxy(Object.create(null) as object, {
    get(_target, name) {
      // The language itself reads symbols, and `await` reads `then`: neither is a task.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      let call = calls.get(name);
      if (call === undefined) calls.set(name, (call = createCall(run, { module: url, name, ref, fn: undefined, timeout: undefined, priority: undefined, expected: undefined, errors })));
      return call;
    },
  });
}

function createCall(run: RunRecord, record: TaskRecord): PlainTask<unknown[], unknown> {
  const runWith = (options: RunOptions | undefined) => (...args: unknown[]) => run(record, args, options);
  return Object.assign(runWith(undefined), { with: (options: RunOptions) => runWith(checkRunOptions(`${record.name}.with()`, options)) });
}
