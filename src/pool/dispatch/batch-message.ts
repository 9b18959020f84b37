import type { CallStores } from '../../context/call-stores.ts';
import type { StoreText } from '../../context/encoding/text-cache.ts';
import { SAME_TEXT, type Batch, type BatchExtras, type BatchStores } from '../../wire/messages/batch.ts';
import type { SentTexts } from '../../wire/kept-texts.ts';
import type { Call } from '../calls/call.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';
import { addExtras, type Mutable } from './run-message.ts';

/** How much run time the calls of several accounts have between two readings of the CPU time, in ms: a reading is a two-hundredth of it. */
const READ_CPU_EVERY_MS = 0.25;

/** The message for calls that travel together to a worker that knows their tasks and stores. */
export function batchOf(calls: readonly Call[], { knowledge, message }: PoolWorker): Batch {
  const stores = storesOf(calls, knowledge.texts);
  const extras = extrasByPlace(calls);
  const cpuEveryMs = calls.some(isTraced) ? 0 : message.cpu.isSplit ? READ_CPU_EVERY_MS : undefined;
  return {
    number: message.batchNumber,
    size: calls.length,
    ids: collapseIf(isConsecutive, calls.map(({ id }) => id)),
    tasks: collapseIf(isAllTheSame, calls.map(({ task }) => knowledge.numberOf(task)!)),
    arity: collapseIf(isAllTheSame, calls.map(({ args }) => args.length)),
    args: argsOf(calls),
    ...(stores !== undefined && { stores }),
    ...(extras !== undefined && { extras }),
    ...(cpuEveryMs !== undefined && { cpuEveryMs }),
  };
}

function isTraced({ extras }: Call): boolean {
  return extras?.traced !== undefined;
}

function collapseIf(matches: (n: number, i: number, all: readonly number[]) => boolean, numbers: readonly number[]): readonly number[] | number {
  return numbers.every(matches) ? numbers[0]! : numbers;
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

function storesOf(calls: readonly Call[], sent: SentTexts): BatchStores | undefined {
  const columns = new StoreColumns(sent);
  for (const { stores } of calls) columns.add(stores);
  return columns.all();
}

/** Collects the stores of all calls, in columns. */
class StoreColumns {
  readonly #layouts: string[][] = [];
  readonly #layoutOf: number[] = [];
  readonly #numbers: number[] = [];
  readonly #keep: string[] = [];
  readonly #keepNumbers: number[] = [];
  readonly #texts: string[] = [];
  readonly #ends: number[] = [];
  #end = 0;
  readonly #sent: SentTexts;
  #previous: CallStores = [];

  constructor(sent: SentTexts) {
    this.#sent = sent;
  }

  add(stores: CallStores | undefined): void {
    if (stores === undefined) {
      this.#layoutOf.push(-1);
      return;
    }
    this.#layoutOf.push(this.#layoutFor(stores));
    for (let i = 0; i < stores.length; i++) this.#addText(stores[i]!, this.#previous[i]);
    this.#previous = stores;
  }

  all(): BatchStores | undefined {
    if (this.#layouts.length === 0) return undefined;
    return {
      layouts: this.#layouts,
      layoutOf: collapseIf(isAllTheSame, this.#layoutOf),
      numbers: Float64Array.from(this.#numbers),
      keep: this.#keep,
      keepNumbers: this.#keepNumbers,
      text: this.#texts.join(''),
      ends: this.#ends,
    };
  }

  #addText({ text, number }: StoreText, previous: StoreText | undefined): void {
    // Lengths are compared first: V8 has to flatten a text that was put together before it can compare the characters.
    const isSame = number === 0 && previous?.text.length === text.length && previous.text === text;
    this.#numbers.push(isSame ? SAME_TEXT : number);
    if (isSame) return;
    if (number === 0) {
      this.#texts.push(text);
      this.#ends.push(this.#end += text.length);
    } else if (!this.#sent.has(number)) {
      this.#sent.add(number);
      this.#keep.push(text);
      this.#keepNumbers.push(number);
    }
  }

  /** Names that go together are sent once a batch: sent with each call, they add 16 % to the CPU of a trivial call with two stores. */
  #layoutFor(stores: CallStores): number {
    const known = this.#layouts.findIndex((names) => hasLayout(stores, names));
    return known === -1 ? this.#layouts.push(stores.map(({ name }) => name)) - 1 : known;
  }
}

function hasLayout(stores: CallStores, names: readonly string[]): boolean {
  if (names.length !== stores.length) return false;
  for (let i = 0; i < names.length; i++) if (names[i] !== stores[i]!.name) return false;
  return true;
}

function extrasByPlace(calls: readonly Call[]): Record<number, BatchExtras> | undefined {
  let all: Record<number, BatchExtras> | undefined;
  for (let place = 0; place < calls.length; place++) {
    const { extras } = calls[place]!;
    if (extras === undefined) continue;
    const own: Mutable<BatchExtras> = {};
    addExtras(own, extras);
    if (Object.keys(own).length > 0) (all ??= {})[place] = own;
  }
  return all;
}
