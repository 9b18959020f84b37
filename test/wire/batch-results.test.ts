import { describe, expect, it } from 'vitest';

import { MAX_BATCH, BatchResults } from '../../src/wire/batch-results.ts';

/** The results of one batch, as both sides see them. */
function bothSides(size = 8): { pool: BatchResults; worker: BatchResults } {
  const pool = new BatchResults();
  pool.clear(size, 1);
  const worker = new BatchResults(pool.buffer);
  worker.begin(1);
  return { pool, worker };
}

function crossed(value: unknown): unknown {
  const { pool, worker } = bothSides();
  expect(worker.claim(0)).toBe(true);
  expect(worker.store(0, value, 1.5)).toBe(true);
  expect([pool.isDone(0), pool.runMs(0)]).toEqual([true, 1.5]);
  return pool.valueAt(0);
}

describe('a value in the batch results arrives as structured clone would send it', () => {
  it.each([
    ...[0, -0, 1.5, NaN, -Infinity, 2 ** 53, true, false, null, undefined, '', 'plain', 'grüezi', '漢字', '\u0000', 'x'.repeat(4000), 10n],
    ...[{}, [], { a: [1, { b: null }] }, new Date(0), new Map([[1, { a: 2 }]]), new Set(['x']), /a/gi],
    ...[new Uint8Array([1, 2, 3]).subarray(1), new Float64Array(3), new ArrayBuffer(8)],
  ])('%o', (value) => {
    expect(crossed(value)).toStrictEqual(structuredClone(value));
  });

  it('and an object that occurs twice in it is still one object', () => {
    const buffer = new ArrayBuffer(4);
    const { a, b, c } = crossed({ a: buffer, b: new Uint8Array(buffer), c: [buffer] }) as { a: ArrayBuffer; b: Uint8Array; c: ArrayBuffer[] };
    expect([b.buffer === a, c[0] === a]).toEqual([true, true]);
  });
});

describe('the batch results refuse', () => {
  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an object with a function in it', { f: () => 1 }],
    ['shared memory', new Int32Array(new SharedArrayBuffer(4))],
    ['a Blob', new Blob(['x'])],
    ['a long text', 'x'.repeat(5000)],
    ['a long object', { text: 'x'.repeat(5000) }],
  ])('%s, and the call is not marked as done', (_what, value) => {
    const { pool, worker } = bothSides();
    expect(worker.store(0, value, 1)).toBe(false);
    expect(pool.isDone(0)).toBe(false);
  });

  it('more than fits into the memory, until the next batch', () => {
    const { pool, worker } = bothSides(MAX_BATCH);
    const fits = Array.from({ length: 20 }, (_, place) => worker.store(place, `${place}`.padEnd(4000, 'é'), 1));
    expect(fits).toEqual(Array.from({ length: 20 }, (_, i) => i < 16));
    expect(pool.valueAt(15)).toBe('15'.padEnd(4000, 'é'));
    pool.clear(1, 2);
    worker.begin(2);
    expect(worker.store(0, 'y'.repeat(4000), 1)).toBe(true);
    expect(pool.valueAt(0)).toBe('y'.repeat(4000));
  });
});

describe('a call is either started or taken back', () => {
  it('by the side that comes first', () => {
    const { pool, worker } = bothSides();
    expect([worker.claim(0), pool.takeBack(0)]).toEqual([true, false]);
    expect([pool.takeBack(1), worker.claim(1)]).toEqual([true, false]);
    expect([worker.claim(2), worker.claim(2)]).toEqual([true, false]);
  });

  it('again in the next batch', () => {
    const { pool, worker } = bothSides();
    worker.claim(0);
    worker.store(0, 1, 1);
    pool.takeBack(1);
    pool.clear(2, 2);
    worker.begin(2);
    expect([pool.isDone(0), worker.claim(0), worker.claim(1)]).toEqual([false, true, true]);
  });

  it('and never by a worker that still runs another batch', () => {
    const { pool, worker } = bothSides();
    pool.clear(2, 2);
    expect([worker.claim(0), worker.store(1, 'late', 1), pool.isDone(1), pool.takeBack(0)]).toEqual([false, true, false, true]);
  });

  it('also when the number of the batch exceeds a word', () => {
    const pool = new BatchResults();
    const worker = new BatchResults(pool.buffer);
    for (const batch of [2 ** 29 - 1, 2 ** 29, 2 ** 31, 2 ** 40 + 3]) {
      pool.clear(3, batch);
      worker.begin(batch);
      expect([worker.claim(0), worker.store(0, batch, 1), pool.isDone(0), pool.valueAt(0), pool.isDone(1), pool.takeBack(1), worker.claim(1)])
        .toEqual([true, true, true, batch, false, true, false]);
    }
  });
});
