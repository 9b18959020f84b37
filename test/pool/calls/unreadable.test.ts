import { describe, expect, it } from 'vitest';

import { chain, depthOf, echo, liar, reportsChain, reportsLiar, returnsChain, returnsLiar, returnsModule, throwsBareLiar, throwsChain, throwsLiar } from '../../fixtures/unreadable.js';
import { poolFor, rejection, runNode, runtimes, script, workers } from '../helpers.ts';

const refused = { code: 'OFFLOOP_NOT_CLONEABLE', name: 'NotCloneableError' };
/** Depths: some can be written on one side, and not be read on the other side. */
const depths = [1000, 2000, 3000, 4000, 6000, 8000, 12_000];

describe.each(runtimes)('a deeply nested value, on %s', (runtime) => {
  it('arrives as a result, or fails its own call alone', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    for (const levels of depths) {
      const outcome = await pool.run(returnsChain, [levels]).then((value) => value, (error: unknown) => error);
      if (!(outcome instanceof Error)) expect(depthOf.inline(outcome)).toBe(levels);
      else expect(outcome).toMatchObject({ ...refused, path: 'result', message: expect.stringContaining('nested too deeply') as unknown });
      expect(await pool.run(echo, [levels])).toBe(levels);
    }
    expect(await rejection(pool.run(returnsChain, [12_000]))).toMatchObject(refused);
    expect(pool.stats()).toMatchObject({ workers: { crashed: 0, replaced: 0 } });
    await pool.close();
  });

  it('arrives in a property of an error, or the error arrives without the property', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    for (const levels of depths) {
      expect(await rejection(pool.run(throwsChain, [levels]))).toMatchObject({ name: 'TypeError', message: 'mine' });
      expect(await pool.run(echo, [levels])).toBe(levels);
    }
    await pool.close();
  });

  it('arrives as a progress value, throws in the task, or is dropped and counted', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    for (const levels of depths) {
      const { progressDropped = 0 } = pool.stats().tasks.reportsChain ?? {};
      const seen: unknown[] = [];
      const outcome: unknown = await pool.run(reportsChain, [levels], { onProgress: (value) => seen.push(value) }).catch((error: unknown) => error);
      if (outcome === 'reported') expect(seen.length + pool.stats().tasks.reportsChain!.progressDropped - progressDropped).toBe(3);
      else expect(outcome).toMatchObject({ ...refused, path: 'progress' });
      expect(seen[0]).toBe('before');
      expect(await pool.run(echo, [levels])).toBe(levels);
    }
    await pool.close();
  });

  it('arrives as an argument, or fails its own call alone', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    expect(await pool.run(depthOf, [chain(10)])).toBe(10);
    for (const levels of depths) {
      const outcome: unknown = await pool.run(depthOf, [chain(levels)]).catch((error: unknown) => error);
      if (outcome !== levels) expect(outcome).toMatchObject({ ...refused, path: 'args' });
      expect(await pool.run(echo, [levels])).toBe(levels);
    }
    expect(pool.stats()).toMatchObject({ workers: { crashed: 0, replaced: 0 } });
    await pool.close();
  });
});

describe('in a batch', () => {
  // On a busy machine the calls may look long, and would then travel alone.
  const coalesce = { budget: 1000 };

  it('a result that cannot be read fails its own call alone', async () => {
    const pool = poolFor({ maxThreads: 1, coalesce });
    for (let i = 0; i < 60; i++) await pool.run(returnsChain, [1]);
    const outcomes = await Promise.all([1, 1, 12_000, 2, 12_000, 3].map((levels) => pool.run(returnsChain, [levels]).then(depthOf.inline, (error: unknown) => (error as { code?: unknown }).code)));
    expect(outcomes).toEqual([1, 1, refused.code, 2, refused.code, 3]);
    expect(pool.stats().workers).toMatchObject({ crashed: 0, replaced: 0 });
    expect(pool.stats().workers.messages).toBeLessThan(66);
    await pool.close();
  });

  it('a progress value that cannot be read is dropped, and no call fails', async () => {
    const pool = poolFor({ maxThreads: 1, coalesce });
    for (let i = 0; i < 60; i++) await pool.run(reportsChain, [1]);
    const outcomes = await Promise.all([1, 12_000, 1].map((levels) => pool.run(reportsChain, [levels], { onProgress: () => undefined })));
    expect(outcomes).toEqual(['reported', 'reported', 'reported']);
  });

  it('an argument that the worker cannot read fails its own call alone', async () => {
    const pool = poolFor({ maxThreads: 1, resourceLimits: { stackSizeMb: 0.5 } });
    for (let i = 0; i < 60; i++) await pool.run(depthOf, [chain(1)]);
    const outcomes = await Promise.all([1, 2, 3000, 3].map((levels) => pool.run(depthOf, [chain(levels)]).catch((error: unknown) => error)));
    expect(outcomes).toEqual([1, 2, expect.objectContaining({ ...refused, path: 'args' }), 3]);
  });

  it('a value in shared memory that cannot be read fails its own call alone', async () => {
    // Shared memory holds a text of 4 KB at most: only a small stack makes the text unreadable.
    expect(await runNode(['--stack-size=150', script('reads-with-a-small-stack.js')])).toMatchObject({ code: 0, stdout: 'ok OFFLOOP_NOT_CLONEABLE ok\nclosed\n' });
  });
});

describe('an argument that a worker’s small stack cannot read', () => {
  it.each([['at once', 0], ['when it has idled for a while', 100]])('fails its own call, %s', async (_when, ms) => {
    const pool = poolFor({ maxThreads: 1, resourceLimits: { stackSizeMb: 0.5 } });
    expect(await pool.run(depthOf, [chain(1)])).toBe(1);
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      expect(await rejection(pool.run(depthOf, [chain(3000)]))).toMatchObject({ ...refused, path: 'args', message: expect.stringContaining('nested too deeply') as unknown });
      expect(await pool.run(depthOf, [chain(2)])).toBe(2);
    }
    expect(pool.stats().workers).toMatchObject({ started: 1, crashed: 0, replaced: 0 });
  });

  it.each(workers)('replaces a worker of %s if it comes with the first message', async (runtime) => {
    const pool = poolFor({ runtime, maxThreads: 1, resourceLimits: { stackSizeMb: 0.5 } });
    expect(await rejection(pool.run(depthOf, [chain(3000)]))).toMatchObject(refused);
    expect(await pool.run(depthOf, [chain(2)])).toBe(2);
    expect(pool.stats().workers).toMatchObject({ crashed: 0 });
  });
});

describe.each(runtimes)('a getter that changes its value, on %s', (runtime) => {
  it('ends no process and fails no other call', async () => {
    const pool = poolFor({ runtime, maxThreads: 1 });
    for (const times of [1, 2, 3, 4]) {
      // The last value of the getter arrives.
      for (const call of [pool.run(returnsLiar, [times]), pool.run(echo, [liar(times)])]) {
        const outcome: unknown = await call.catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject(refused);
        else expect(outcome).toHaveProperty('a');
      }
      expect(await rejection(pool.run(throwsLiar, [times]))).toMatchObject({ name: 'TypeError', message: 'mine' });
      await rejection(pool.run(throwsBareLiar, [times]));
      expect(await pool.run(reportsLiar, [times], { onProgress: () => undefined })).toBe('reported');
    }
    expect(pool.stats()).toMatchObject({ workers: { crashed: 0, replaced: 0 } });
    await pool.close();
  });
});

describe('a WebAssembly.Module', () => {
  it('cannot cross to or from a process, and fails its own call alone', async () => {
    const pool = poolFor({ runtime: 'processes', maxThreads: 1 });
    expect(await rejection(pool.run(returnsModule, []))).toMatchObject(refused);
    expect(await rejection(pool.run(echo, [returnsModule.inline()]))).toMatchObject(refused);
    expect(await pool.run(echo, [1])).toBe(1);
    await pool.close();
  });

  it('can be the result of a thread', async () => {
    expect(String(await poolFor({ maxThreads: 1 }).run(returnsModule, []))).toBe('[object WebAssembly.Module]');
  });
});
