import { createPool, offload } from 'offloop';
import { describe, expect, it } from 'vitest';

import { observed } from '../../src/shared/introspection.ts';
import { callsInner } from '../fixtures/context/calls-inside.js';

const running = (): string | undefined => observed.inlineTask;

describe('task.inline()', () => {
  const inner = offload(import.meta, function inner() { return running(); });
  const outer = offload(import.meta, function outer() { return [running(), inner.inline(), running()]; });
  const fails = offload(import.meta, function fails() { throw new RangeError(running()); });
  const later = offload(import.meta, async function later() {
    const before = running();
    await Promise.resolve();
    return [before, running()];
  });

  it('is known by the task’s name while it runs, also when a task runs inside another task', () => {
    expect(running()).toBeUndefined();
    expect(outer.inline()).toEqual(['outer', 'inner', 'outer']);
    expect(running()).toBeUndefined();
  });

  it('is forgotten when it throws', () => {
    expect(() => fails.inline()).toThrow(new RangeError('fails'));
    expect(running()).toBeUndefined();
  });

  it('is known as long as it runs synchronously, and not while an async function goes on later', async () => {
    const result = later.inline();
    expect(running()).toBeUndefined();
    expect(await result).toEqual(['later', undefined]);
  });

  it('passes on arguments and results as they are', () => {
    const same = offload(import.meta, function same(...values: unknown[]) { return values; });
    const value = { fn: () => undefined };
    expect(same.inline(value, 1)[0 as never]).toBe(value);
  });
});

describe('a task that a pool runs on this thread', () => {
  const asks = offload(import.meta, async function asks() {
    const before = observed.contextTask();
    await Promise.resolve();
    return [before, observed.contextTask(), running()];
  });

  it('is known by its context, also after an await', async () => {
    await using pool = createPool({ runtime: 'inline' });
    expect(observed.contextTask()).toBeUndefined();
    const call = pool.run(asks, []);
    expect(observed.contextTask()).toBeUndefined();
    expect(await call).toEqual(['asks', 'asks', undefined]);
    expect(observed.contextTask()).toBeUndefined();
  });

  it('is known by the name of a task that it has called, while that task runs', async () => {
    await using pool = createPool({ runtime: 'inline' });
    expect((await pool.run(callsInner, [])).inner.name).toBe('inner');
    const nests = offload(import.meta, async function nests() {
      return [observed.contextTask(), await asks(), observed.contextTask()];
    });
    expect(await pool.run(nests, [])).toEqual(['nests', ['asks', 'asks', undefined], 'nests']);
  });
});
