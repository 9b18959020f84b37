import { describe, expect, it } from 'vitest';

import { MAX_BATCH, BatchResults } from '../../src/wire/batch-results.ts';

/** Both sides of one sheet. */
function sheets(size = 8): { pool: BatchResults; worker: BatchResults } {
  const pool = new BatchResults();
  pool.clear(size, 1);
  const worker = new BatchResults(pool.buffer);
  worker.begin(1);
  return { pool, worker };
}

function crossed(value: unknown): unknown {
  const { pool, worker } = sheets();
  expect(worker.claim(0)).toBe(true);
  expect(worker.finish(0, value, 1.5)).toBe(true);
  expect([pool.isDone(0), pool.runMs(0)]).toEqual([true, 1.5]);
  return pool.valueAt(0);
}

describe('a value on the sheet arrives as structured clone would bring it', () => {
  it.each([
    ...[0, -0, 1.5, NaN, -Infinity, 2 ** 53, true, false, null, undefined, '', 'plain', 'grüezi', '漢字', '\u0000', 'x'.repeat(4000), 10n],
    ...[{}, [], { a: [1, { b: null }] }, new Date(0), new Map([[1, { a: 2 }]]), new Set(['x']), /a/gi],
    ...[new Uint8Array([1, 2, 3]).subarray(1), new Float64Array(3), new ArrayBuffer(8)],
  ])('%o', (value) => {
    expect(crossed(value)).toStrictEqual(structuredClone(value));
  });

  it('with what is one object in it still one', () => {
    const buffer = new ArrayBuffer(4);
    const { a, b, c } = crossed({ a: buffer, b: new Uint8Array(buffer), c: [buffer] }) as { a: ArrayBuffer; b: Uint8Array; c: ArrayBuffer[] };
    expect([b.buffer === a, c[0] === a]).toEqual([true, true]);
  });
});

describe('there is no place on the sheet for', () => {
  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an object with a function in it', { f: () => 1 }],
    ['shared memory', new Int32Array(new SharedArrayBuffer(4))],
    ['a Blob', new Blob(['x'])],
    ['what is long', 'x'.repeat(5000)],
    ['a long object', { text: 'x'.repeat(5000) }],
  ])('%s, and the task is not said to be done', (_what, value) => {
    const { pool, worker } = sheets();
    expect(worker.finish(0, value, 1)).toBe(false);
    expect(pool.isDone(0)).toBe(false);
  });

  it('more than fits, until the next batch', () => {
    const { pool, worker } = sheets(MAX_BATCH);
    const fits = Array.from({ length: 20 }, (_, place) => worker.finish(place, `${place}`.padEnd(4000, 'é'), 1));
    expect(fits).toEqual(Array.from({ length: 20 }, (_, i) => i < 16));
    expect(pool.valueAt(15)).toBe('15'.padEnd(4000, 'é'));
    pool.clear(1, 2);
    worker.begin(2);
    expect(worker.finish(0, 'y'.repeat(4000), 1)).toBe(true);
    expect(pool.valueAt(0)).toBe('y'.repeat(4000));
  });
});

describe('a task is either started or taken back', () => {
  it('whoever comes first', () => {
    const { pool, worker } = sheets();
    expect([worker.claim(0), pool.takeBack(0)]).toEqual([true, false]);
    expect([pool.takeBack(1), worker.claim(1)]).toEqual([true, false]);
    expect([worker.claim(2), worker.claim(2)]).toEqual([true, false]);
  });

  it('anew in the next batch', () => {
    const { pool, worker } = sheets();
    worker.claim(0);
    worker.finish(0, 1, 1);
    pool.takeBack(1);
    pool.clear(2, 2);
    worker.begin(2);
    expect([pool.isDone(0), worker.claim(0), worker.claim(1)]).toEqual([false, true, true]);
  });

  it('and never by a worker that is still with another batch', () => {
    const { pool, worker } = sheets();
    pool.clear(2, 2);
    expect([worker.claim(0), worker.finish(1, 'late', 1), pool.isDone(1), pool.takeBack(0)]).toEqual([false, true, false, true]);
  });

  it('also when the batches have been counted beyond a word', () => {
    const pool = new BatchResults();
    const worker = new BatchResults(pool.buffer);
    for (const batch of [2 ** 29 - 1, 2 ** 29, 2 ** 31, 2 ** 40 + 3]) {
      pool.clear(3, batch);
      worker.begin(batch);
      expect([worker.claim(0), worker.finish(0, batch, 1), pool.isDone(0), pool.valueAt(0), pool.isDone(1), pool.takeBack(1), worker.claim(1)])
        .toEqual([true, true, true, batch, false, true, false]);
    }
  });
});
