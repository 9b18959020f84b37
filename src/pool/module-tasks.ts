import { moduleUrl, type ModuleRef } from '../context/module-ref.ts';
import { checkOptions, type Rule } from '../options.ts';
import { checkRunOptions, type RunOptions } from '../task/offload.ts';
import type { TaskRecord } from '../task/registry.ts';
import type { ErrorClass } from '../wire/errors.ts';

/** The functions among a module's exports, each answering with a promise. */
export type TasksOf<M> = {
  readonly [K in keyof M as M[K] extends (...args: never[]) => unknown ? K : never]: M[K] extends (...args: infer A) => infer R
    ? PlainTask<A, Awaited<R>>
    : never;
};

export interface PlainTask<A extends unknown[], R> {
  (...args: A): Promise<R>;
  /** The same call with options. */
  with(options: RunOptions): (...args: A) => Promise<R>;
}

export interface PlainTaskOptions {
  /** Error classes that arrive as themselves: this side does not load the module to look for them. */
  errors?: readonly ErrorClass[];
}

type RunRecord = (record: TaskRecord, args: readonly unknown[], options: RunOptions) => Promise<unknown>;

const table: Readonly<Record<keyof PlainTaskOptions, Rule>> = {
  errors: { is: (v) => Array.isArray(v) && v.every((c) => typeof c === 'function'), expected: 'an array of error classes' },
};

/** Any name is a call, since only the worker loads the module; a name that it does not export rejects there. */
export function plainTasks<M>(run: RunRecord, module: ModuleRef, options: PlainTaskOptions): TasksOf<M> {
  const url = moduleUrl('pool.tasks()', module);
  const { errors = [] } = checkOptions<PlainTaskOptions>('pool.tasks()', options, table);
  const calls = new Map<string, PlainTask<unknown[], unknown>>();
  const callOf = (name: string): PlainTask<unknown[], unknown> => {
    const record: TaskRecord = { module: url, name, ref: module, errors };
    const runWith = (options: RunOptions) => (...args: unknown[]) => run(record, args, options);
    return Object.assign(runWith({}), { with: (options: RunOptions) => runWith({ ...checkRunOptions(`${name}.with()`, options) }) });
  };
  return new Proxy(Object.create(null) as object, {
    get(_target, name) {
      // Symbols are asked for by the language; `then`, by an `await` on the object.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      let call = calls.get(name);
      if (call === undefined) calls.set(name, (call = callOf(name)));
      return call;
    },
  }) as TasksOf<M>;
}
