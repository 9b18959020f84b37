import { types } from 'node:util';
import { MessagePort, type Transferable } from 'node:worker_threads';

import { Object, Array, ArrayBuffer, Set } from '../node/intrinsics.ts';
import { OptionError } from '../errors.ts';
import { describe } from '../validation/describe.ts';
import { runningTask } from './current.ts';

/**
 * Inside a task: transfers a part of the result instead of copying it, `return move(buffer)`. Afterwards the worker
 * cannot use that part any more. Outside of a task `move()` does nothing.
 * @param transfer the objects to transfer; default: the value itself, or the memory of a typed array.
 * @returns the value, unchanged
 * @throws OptionError (OFFLOOP_OPTION) when the value cannot be transferred and no list is given
 */
export function move<T>(value: T, transfer: readonly Transferable[] = transferablesOf(value)): T {
  if (!Array.isArray(transfer as unknown)) throw new OptionError(`move(): expected the list of objects to transfer to be an array, got ${describe(transfer)}.`);
  const task = runningTask.getStore();
  if (task !== undefined) task.moved = new Set([...(task.moved ?? []), ...transfer]);
  return value;
}

function transferablesOf(value: unknown): Transferable[] {
  if (types.isArrayBuffer(value) || value instanceof MessagePort || isStream(value)) return [value];
  if (!ArrayBuffer.isView(value)) {
    throw new OptionError(`move(): expected an ArrayBuffer, a typed array or a MessagePort, or a web stream, got ${describe(value)}. Or list the objects to transfer: move(value, [buffer]).`);
  }
  // Memory with other users is copied: a small Buffer lives in a slab that it shares, and a SharedArrayBuffer never moves.
  return types.isArrayBuffer(value.buffer) && value.byteLength === value.buffer.byteLength ? [value.buffer] : [];
}

function isStream(value: unknown): value is Transferable {
  return /^\[object (Readable|Writable|Transform)Stream\]$/.test(Object.prototype.toString.call(value));
}
