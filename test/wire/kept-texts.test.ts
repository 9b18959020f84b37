import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { KeptTexts, SentTexts } from '../../src/wire/kept-texts.ts';

/** Numbers that compete for the same few places; `textOf()` gives the text of each number. */
const number = fc.integer({ min: 1, max: 6 }).chain((n) => fc.constantFrom(0, 4096, 2 ** 40).map((by) => n + by));
const textOf = (n: number): string => `text ${n}`;

/** The texts that the pool sends for these numbers, and the texts that the worker reads. */
function sendAndRead(sent: SentTexts, kept: KeptTexts, numbers: readonly number[]): { read: (string | undefined)[]; sentTexts: number } {
  const keep = numbers.map((n) => {
    const isSent = sent.has(n);
    sent.add(n);
    return isSent ? undefined : textOf(n);
  });
  const read = numbers.map((n, i) => {
    const text = keep[i];
    if (text !== undefined) kept.set(n, text);
    return kept.get(n);
  });
  return { read, sentTexts: keep.filter((text) => text !== undefined).length };
}

describe('texts that a worker keeps', () => {
  it('are read as they were sent, whatever was sent before them', () => {
    fc.assert(fc.property(fc.array(fc.array(number)), (messages) => {
      const [sent, kept] = [new SentTexts(), new KeptTexts()];
      for (const numbers of messages) expect(sendAndRead(sent, kept, numbers).read).toEqual(numbers.map(textOf));
    }));
  });

  it('are sent once, until another text takes their place', () => {
    const [sent, kept] = [new SentTexts(), new KeptTexts()];
    const sentFor = (...numbers: number[]): number => sendAndRead(sent, kept, numbers).sentTexts;
    expect([sentFor(1, 2, 1), sentFor(1, 2), sentFor(4097), sentFor(1), sentFor(2)]).toEqual([2, 0, 1, 1, 0]);
  });

  it('are sent again when a message was lost', () => {
    const [sent, kept] = [new SentTexts(), new KeptTexts()];
    sent.add(7);
    sent.forget();
    expect(sendAndRead(sent, kept, [7, 7])).toEqual({ read: ['text 7', 'text 7'], sentTexts: 1 });
  });

  it('are absent where the worker was not sent them, and never read as another text', () => {
    const [sent, kept] = [new SentTexts(), new KeptTexts()];
    sendAndRead(sent, kept, [1, 2]);
    sent.add(3);
    sent.add(4097);
    expect(sendAndRead(sent, kept, [3, 2, 4097]).read).toEqual([undefined, 'text 2', undefined]);
  });
});
