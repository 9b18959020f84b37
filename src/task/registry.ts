import type { ErrorClass } from '../wire/errors/error-repairs.ts';
import type { TaskAddress } from '../wire/messages/requests.ts';
import type { OffloadOptions } from './options.ts';
import { DuplicateNameError } from '../errors.ts';
import { isSameEvaluation, type ModuleRef } from '../context/module-ref.ts';
import { shared } from '../shared/shared.ts';

const tasks = shared('tasks', () => new Map<string, TaskRecord>());

export type AnyFunction = (...args: any[]) => unknown;

/** A declared task: on both sides of a thread the same module and name lead to the function. */
export interface TaskRecord {
  /** A `file:` URL. */
  readonly module: string;
  readonly name: string;
  readonly ref: ModuleRef;
  /** Absent for an export of a plain module, which the caller's side has not loaded. */
  readonly fn?: AnyFunction | undefined;
  readonly timeout?: number | undefined;
  readonly priority?: number | undefined;
  readonly expected: OffloadOptions['expected'];
  readonly errors: readonly ErrorClass[];
}

/** @throws DuplicateNameError (OFFLOOP_DUPLICATE_NAME) */
export function registerTask(record: TaskRecord): void {
  const key = taskKey(record.module, record.name);
  const known = tasks.get(key);
  if (known !== undefined && isSameEvaluation(known.ref, record.ref) && String(known.fn) !== String(record.fn)) {
    throw new DuplicateNameError(
      `offload(): ${record.module} has a task named '${record.name}' already. Give one of the two another name: { name: '…' }.`,
    );
  }
  tasks.set(key, record);
}

export function findTask({ module, name }: TaskAddress): TaskRecord | undefined {
  return tasks.get(taskKey(module, name));
}

/** The names of the tasks that a module has declared. */
export function tasksOf(module: string): string[] {
  return [...tasks.values()].filter((record) => record.module === module).map((record) => record.name);
}

function taskKey(module: string, name: string): string {
  return `${module}#${name}`;
}
