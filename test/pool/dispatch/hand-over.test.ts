import { describe, expect, it } from 'vitest';

import { copiesOut, fills, movesOut, sizeOfMoved } from '../../fixtures/moves.js';
import { counts, reportsFunction } from '../../fixtures/reports.js';
import { poolFor, rejection, runtimes } from '../helpers.ts';

describe.each(runtimes)('between this thread and %s,', (runtime) => {
  it('an object in `transfer` is handed over, and unusable here', async () => {
    const pool = poolFor({ runtime });
    const buffer = new ArrayBuffer(1024);
    expect(await pool.run(fills, [buffer], { transfer: [buffer] })).toBe(1024);
    expect(buffer.byteLength).toBe(0);
  });

  it('an object that is not in `transfer` is copied, and unchanged here', async () => {
    const pool = poolFor({ runtime });
    const buffer = new ArrayBuffer(4);
    expect(await pool.run(fills, [buffer])).toBe(4);
    expect([...new Uint8Array(buffer)]).toEqual([0, 0, 0, 0]);
  });

  it('a progress listener gets every value in order, before the call settles', async () => {
    const pool = poolFor({ runtime });
    const seen: unknown[] = [];
    const result = await pool.run(counts, [100], { onProgress: (value) => seen.push(value) });
    expect(result).toBe('counted');
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => ({ i, bytes: Buffer.from([i]) })));
  });

  it('a progress value that cannot cross throws in the task', async () => {
    const pool = poolFor({ runtime });
    expect(await rejection(pool.run(reportsFunction, []))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'progress.deep[0]' });
  });
});

// Processes cannot hand objects over: `move()` copies there.
describe.each(['threads', 'inline'] as const)('a result from %s', (runtime) => {
  it('that is moved is gone from the worker, also from within another object', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    expect(await pool.run(movesOut, [3])).toEqual({ image: Uint8Array.of(3, 3, 3) });
    expect(await pool.run(sizeOfMoved, [])).toBe(0);
  });

  it('that is not moved stays usable in the worker', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    expect(await pool.run(copiesOut, [3])).toEqual(Uint8Array.of(3, 3, 3));
    expect(await pool.run(sizeOfMoved, [])).toBe(3);
  });
});
