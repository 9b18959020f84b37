import type { WireStores } from '../context/carrier.ts';
import type { Batch, BatchExtras, BatchStores } from '../wire/messages.ts';
import type { Call } from './call.ts';
import { addExtras, type Mutable, type Slot } from './slot.ts';

/** The message for calls that travel together to a worker that knows their tasks and stores. */
export function batchOf(calls: readonly Call[], { knownTasks }: Slot): Batch {
  const stores = storesOf(calls);
  const extras = extrasOf(calls);
  return {
    size: calls.length,
    ids: asOneIf(isConsecutive, calls.map(({ id }) => id)),
    tasks: asOneIf(isAllTheSame, calls.map(({ task }) => knownTasks.get(task)!)),
    arity: asOneIf(isAllTheSame, calls.map(({ args }) => args.length)),
    args: argsOf(calls),
    ...(stores !== undefined && { stores }),
    ...(extras !== undefined && { extras }),
  };
}

function asOneIf(is: (n: number, i: number, all: readonly number[]) => boolean, numbers: readonly number[]): readonly number[] | number {
  return numbers.every(is) ? numbers[0]! : numbers;
}

function isConsecutive(n: number, i: number, all: readonly number[]): boolean {
  return n === all[0]! + i;
}

function isAllTheSame(n: number, _i: number, all: readonly number[]): boolean {
  return n === all[0];
}

function argsOf(calls: readonly Call[]): unknown[] {
  const all: unknown[] = [];
  for (const { args } of calls) {
    if (args.length === 1) all.push(args[0]);
    else all.push(...args);
  }
  return all;
}

/** How many of the latest sets a set is compared with: calls of one request come in a row, or between those of few others. */
const WINDOW = 2;

function storesOf(calls: readonly Call[]): BatchStores | undefined {
  const layouts: string[][] = [];
  const layoutOf: number[] = [];
  const wires: WireStores[] = [];
  const of: number[] = [];
  for (const { stores } of calls) {
    const known = stores === undefined ? -1 : latestEqual(wires, stores);
    if (stores !== undefined && known === -1) layoutOf.push(layoutFor(stores, layouts));
    of.push(stores !== undefined && known === -1 ? wires.push(stores) - 1 : known);
  }
  if (wires.length === 0) return undefined;
  const texts = { layouts, layoutOf: asOneIf(isAllTheSame, layoutOf), ...joined(wires) };
  return wires.length === calls.length ? texts : { ...texts, of };
}

function joined(wires: readonly WireStores[]): { text: string; ends: number[] } {
  const texts: string[] = [];
  const ends: number[] = [];
  let end = 0;
  for (const wire of wires) {
    for (let i = 1; i < wire.length; i += 2) {
      texts.push(wire[i]!);
      ends.push((end += wire[i]!.length));
    }
  }
  return { text: texts.join(''), ends };
}

function latestEqual(wires: readonly WireStores[], stores: WireStores): number {
  for (let at = wires.length - 1; at >= Math.max(0, wires.length - WINDOW); at--) {
    if (isEqual(wires[at]!, stores)) return at;
  }
  return -1;
}

function isEqual(a: WireStores, b: WireStores): boolean {
  if (a.length !== b.length) return false;
  // By their lengths first: to be compared, a text that was put together has to be copied into one piece.
  for (let i = 0; i < a.length; i++) if (a[i]!.length !== b[i]!.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function layoutFor(stores: WireStores, layouts: string[][]): number {
  const known = layouts.findIndex((names) => hasLayout(stores, names));
  return known === -1 ? layouts.push(stores.filter((_, i) => i % 2 === 0)) - 1 : known;
}

function hasLayout(stores: WireStores, names: readonly string[]): boolean {
  if (names.length * 2 !== stores.length) return false;
  for (let i = 0; i < names.length; i++) if (names[i] !== stores[i * 2]) return false;
  return true;
}

function extrasOf(calls: readonly Call[]): Record<number, BatchExtras> | undefined {
  let all: Record<number, BatchExtras> | undefined;
  for (const [place, { extras }] of calls.entries()) {
    if (extras === undefined) continue;
    const own: Mutable<BatchExtras> = {};
    addExtras(own, extras);
    if (Object.keys(own).length > 0) (all ??= {})[place] = own;
  }
  return all;
}
