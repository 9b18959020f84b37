import type { Transferable } from 'node:worker_threads';

import { createPool, currentTask, move, offload, type Carrier, type CurrentTask, type MapResult, type PlainTask, type Pool, type RunOptions, type Task } from 'offloop';
import { expectTypeOf } from 'vitest';

interface Order {
  id: number;
}

const sync = offload(import.meta, function sync(order: Order, deep: boolean) {
  return deep ? order.id : 0;
});
const later = offload(import.meta, async function later(text: string) {
  return { length: text.length };
});
const optional = offload(import.meta, function optional(first: number, second?: string, ...rest: boolean[]) {
  return [first, second, rest] as const;
});
const nothing = offload(import.meta, function nothing() {});
const union = offload(import.meta, function union(n: number): number | Promise<string> {
  return n > 0 ? n : Promise.resolve('none');
});

// offload: the function's parameters, and its result without promises
expectTypeOf(sync).toEqualTypeOf<Task<[order: Order, deep: boolean], number>>();
expectTypeOf(later).toEqualTypeOf<Task<[text: string], { length: number }>>();
expectTypeOf(nothing).toEqualTypeOf<Task<[], void>>();
expectTypeOf(union(1)).toEqualTypeOf<Promise<number | string>>();
expectTypeOf(sync({ id: 1 }, true)).toEqualTypeOf<Promise<number>>();
expectTypeOf(later('x')).toEqualTypeOf<Promise<{ length: number }>>();
expectTypeOf(optional).toEqualTypeOf<Task<[first: number, second?: string, ...rest: boolean[]], readonly [number, string | undefined, boolean[]]>>();
optional(1);
optional(1, 'x', true, false);
expectTypeOf(sync.inline({ id: 1 }, true)).toEqualTypeOf<number | Promise<number>>();
expectTypeOf(sync.taskName).toEqualTypeOf<string>();
expectTypeOf(sync.module).toEqualTypeOf<string>();
expectTypeOf(sync.with({ timeout: 5 })).toEqualTypeOf<(order: Order, deep: boolean) => Promise<number>>();

// @ts-expect-error an argument of the wrong type
sync({ id: '1' }, true);
// @ts-expect-error an argument is missing
sync({ id: 1 });
// @ts-expect-error one argument too many
later('x', 1);
// @ts-expect-error with() keeps the arguments' types
sync.with({})({ id: '1' }, true);
// @ts-expect-error a task cannot be changed
sync.taskName = 'another';
// @ts-expect-error no function
offload(import.meta, 'resize');
// @ts-expect-error an unknown option
offload(import.meta, () => 1, { nam: 'x' });
// @ts-expect-error errors are classes
offload(import.meta, () => 1, { errors: ['RangeError'] });
// @ts-expect-error a module is import.meta, a URL or a path
offload(1, () => 1);
offload(new URL(import.meta.url), () => 1, { name: 'a', timeout: 1, priority: -1, errors: [RangeError] });
offload('/absolute/path.js', () => 1, { name: 'b' });

// options of a call
expectTypeOf<RunOptions>().toEqualTypeOf<{
  signal?: AbortSignal;
  timeout?: number;
  deadline?: number;
  priority?: number;
  transfer?: readonly Transferable[];
  context?: 'inherit' | 'none' | Carrier;
  onProgress?(value: unknown): void;
}>();
// A listener may declare the type of its task's progress.
sync.with({ onProgress: (percent: number) => percent.toFixed(0) });
// @ts-expect-error no such context
sync.with({ context: 'all' });
// @ts-expect-error a deadline is in epoch ms
sync.with({ deadline: new Date() });
// @ts-expect-error an unknown option
sync.with({ retries: 3 });

// pool.run
const pool: Pool = createPool();
expectTypeOf(pool.run(sync, [{ id: 1 }, true])).toEqualTypeOf<Promise<number>>();
expectTypeOf(pool.run(later, ['x'], { timeout: 1 })).toEqualTypeOf<Promise<{ length: number }>>();
expectTypeOf(pool.run(nothing, [])).toEqualTypeOf<Promise<void>>();
pool.run(optional, [1]);
pool.run(optional, [1, 'x', true]);
// @ts-expect-error the arguments come in a list
pool.run(later, 'x');
// @ts-expect-error an argument of the wrong type
pool.run(later, [1]);
// @ts-expect-error an argument is missing
pool.run(sync, [{ id: 1 }]);
// @ts-expect-error one argument too many
pool.run(later, ['x', 'y']);
// @ts-expect-error a plain function is no task
pool.run((text: string) => text, ['x']);

// pool.map
const lengths = pool.map(later, ['a', 'b']);
expectTypeOf(lengths).toEqualTypeOf<MapResult<{ length: number }>>();
expectTypeOf(lengths.toArray()).toEqualTypeOf<Promise<{ length: number }[]>>();
expectTypeOf(pool.map(later, new Set(['a']), { ordered: false, concurrency: 2, timeout: 1 })).toEqualTypeOf<MapResult<{ length: number }>>();
async function* texts() {
  yield 'a';
}
expectTypeOf(pool.map(later, texts())).toEqualTypeOf<MapResult<{ length: number }>>();
export async function iterates() {
  for await (const result of lengths) expectTypeOf(result).toEqualTypeOf<{ length: number }>();
}
// @ts-expect-error items of the wrong type
pool.map(later, [1, 2]);
// @ts-expect-error a task of two arguments takes no items
pool.map(sync, [{ id: 1 }]);
// @ts-expect-error not iterable
pool.map(later, 5);
// @ts-expect-error an unknown option
pool.map(later, ['a'], { parallel: 2 });

// pool.tasks: the functions of a module, each with a promise
const image = pool.tasks<typeof import('../fixtures/context/typed-module.js')>(new URL('../fixtures/context/typed-module.js', import.meta.url));
expectTypeOf<keyof typeof image>().toEqualTypeOf<'resize' | 'hash' | 'sum' | 'greet'>();
expectTypeOf(image.resize).toEqualTypeOf<PlainTask<[image: Uint8Array, options: { width: number }], { width: number; bytes: number }>>();
expectTypeOf(image.resize(new Uint8Array(), { width: 1 })).toEqualTypeOf<Promise<{ width: number; bytes: number }>>();
expectTypeOf(image.hash.with({ timeout: 1 })).toEqualTypeOf<(text: string) => Promise<number>>();
expectTypeOf(image.hash('x')).toEqualTypeOf<Promise<number>>();
expectTypeOf(image.sum).parameters.toEqualTypeOf<number[]>();
expectTypeOf(image.greet).toEqualTypeOf<PlainTask<[name?: string], string>>();
// @ts-expect-error a constant is no task
image.version;
// @ts-expect-error an object is no task
image.settings;
// @ts-expect-error a class is no task
image.Image;
// @ts-expect-error the module has no such function
image.rotate();
// @ts-expect-error an argument of the wrong type
image.hash(1);
// @ts-expect-error the list is fixed
image.hash = async () => 1;

// Inside a task
expectTypeOf(currentTask()).toEqualTypeOf<CurrentTask | undefined>();
expectTypeOf<CurrentTask['worker']>().toEqualTypeOf<number>();
expectTypeOf(currentTask()!.signal).toEqualTypeOf<AbortSignal>();
expectTypeOf(currentTask()!.deadline).toEqualTypeOf<number | undefined>();
expectTypeOf(currentTask()!.progress).toEqualTypeOf<(value: unknown) => void>();
expectTypeOf(move(new ArrayBuffer(1))).toEqualTypeOf<ArrayBuffer>();
expectTypeOf(move({ a: 1 }, [new ArrayBuffer(1)])).toEqualTypeOf<{ a: number }>();
// @ts-expect-error text cannot be transferred
move({ a: 1 }, ['text']);
