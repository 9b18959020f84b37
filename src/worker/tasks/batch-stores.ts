import type { KeptTexts } from '../../wire/kept-texts.ts';
import { SAME_TEXT, type BatchStores } from '../../wire/messages/batch.ts';

/** Stands for the stores of a call where this worker lacks one of their texts. */
export const UNKNOWN = null;

/** Name, text, name, text …; undefined for a call without stores. */
export type StoresOfCall = string[] | undefined | typeof UNKNOWN;

/** The stores of each call. All are read before the first call: the next message may refer to texts that came with this one. */
export function storesOfCalls(stores: BatchStores, size: number, texts: KeptTexts): StoresOfCall[] {
  const { layouts, layoutOf } = stores;
  const next = textReader(stores, texts);
  const tasks: StoresOfCall[] = [];
  let previous: (string | undefined)[] = [];
  for (let place = 0; place < size; place++) {
    const layout = layouts[typeof layoutOf === 'number' ? layoutOf : layoutOf[place]!];
    if (layout === undefined) {
      tasks.push(undefined);
      continue;
    }
    const wire: (string | undefined)[] = [];
    for (const name of layout) wire.push(name, next(previous[wire.length + 1]));
    previous = wire;
    tasks.push(wire.includes(undefined) ? UNKNOWN : wire as string[]);
  }
  return tasks;
}

/** Reads text after text. A text that the message brings replaces the text that was kept under its number. */
function textReader({ numbers, keep, keepNumbers, text, ends }: BatchStores, texts: KeptTexts): (previous: string | undefined) => string | undefined {
  let [nth, kept, sliced] = [0, 0, 0];
  return (previous) => {
    const number = numbers[nth++]!;
    if (number === SAME_TEXT) return previous;
    if (number === 0) return text.slice(ends[sliced - 1] ?? 0, ends[sliced++]);
    if (keepNumbers[kept] === number) texts.set(number, keep[kept++]!);
    return texts.get(number);
  };
}
