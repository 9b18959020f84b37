import { setImmediate as turn } from 'node:timers/promises';

import { capture, createPool, DeadlineExceededError, withDeadline } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { readDeadlines } from '../fixtures/context/reads-deadlines.js';
import { rejection } from '../wire/errors/rejection.ts';

const pool = createPool({ maxThreads: 1 });
afterAll(() => pool.close());

/** The deadline in force, read from a carrier. */
const inForce = () => capture().deadline;
const far = 3_600_000;

describe('withDeadline', () => {
  it('holds in its function and in calls that the function makes later, and nowhere else', async () => {
    expect(inForce()).toBeUndefined();
    const before = Date.now();
    const seen = withDeadline(far, async () => {
      const first = inForce();
      await turn();
      return [first, inForce()];
    });
    expect(inForce()).toBeUndefined();
    const [first, later] = await seen;
    expect(first).toBe(later);
    expect(first).toBeGreaterThanOrEqual(before + far);
    expect(first).toBeLessThanOrEqual(Date.now() + far);
  });

  it('returns what the function returns, and throws what it throws', () => {
    expect(withDeadline(far, () => 42)).toBe(42);
    expect(() => withDeadline(far, () => { throw new RangeError('mine'); })).toThrow(new RangeError('mine'));
    expect(inForce()).toBeUndefined();
  });

  it('nests: the nearer deadline holds, inside and outside', () => {
    withDeadline(1000, () => {
      const outer = inForce();
      expect(withDeadline(far, inForce)).toBe(outer);
      expect(withDeadline(10, inForce)).toBeLessThan(outer!);
      expect(inForce()).toBe(outer);
    });
  });

  it.each([-1, NaN, '100', null, undefined, {}])('refuses %j for its milliseconds', (ms) => {
    expect(() => withDeadline(ms as never, () => 1)).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  });

  it('refuses a value that is no function', () => {
    expect(() => withDeadline(1, 'no function' as never)).toThrow(/withDeadline\(\): expected a function/);
  });
});

describe('across the hop', () => {
  it('the task has its caller’s deadline, in currentTask() and for the tasks that it calls', async () => {
    const [deadline, seen] = await withDeadline(far, async () => [inForce(), await pool.run(readDeadlines, [])] as const);
    expect(seen).toEqual({ ofTask: deadline, inForce: deadline, ofInner: deadline, ofStricterInner: deadline! - 1000, afterwards: deadline });
  });

  it('the nearer of the call’s own deadline and the deadline in force holds', async () => {
    const own = Date.now() + 2 * far;
    const [deadline, seen] = await withDeadline(far, async () => [inForce(), await pool.run(readDeadlines, [], { deadline: own })] as const);
    expect(seen.ofTask).toBe(deadline);
    const nearer = Date.now() + far / 2;
    const other = await withDeadline(far, () => pool.run(readDeadlines, [], { deadline: nearer }));
    expect(other).toMatchObject({ ofTask: nearer, inForce: nearer });
  });

  it('a task has no deadline when nobody has set one, and never the deadline of the task before it', async () => {
    await withDeadline(far, () => pool.run(readDeadlines, []));
    const seen = await pool.run(readDeadlines, []);
    expect(seen).toEqual({ ofTask: undefined, inForce: undefined, ofInner: undefined, ofStricterInner: undefined, afterwards: undefined });
  });

  it('the deadline is no store: a call without context has a deadline all the same', async () => {
    const [deadline, seen] = await withDeadline(far, async () => [inForce(), await pool.run(readDeadlines, [], { context: 'none' })] as const);
    expect(seen.ofTask).toBe(deadline);
  });

  it('a carrier’s deadline holds for the call that gets the carrier', async () => {
    const carrier = withDeadline(far, () => capture());
    const seen = await pool.run(readDeadlines, [], { context: carrier });
    expect(seen).toMatchObject({ ofTask: carrier.deadline, inForce: carrier.deadline });
  });

  it('a call whose carrier’s deadline has passed is not started', async () => {
    const carrier = { ...capture(), deadline: Date.now() - 1 };
    const error = await rejection(pool.run(readDeadlines, [], { context: carrier }));
    expect(error).toBeInstanceOf(DeadlineExceededError);
  });

  it('a call whose deadline has passed is not started', async () => {
    const error = await rejection(withDeadline(0, () => pool.run(readDeadlines, [])));
    expect(error).toBeInstanceOf(DeadlineExceededError);
    expect(error).toMatchObject({ code: 'OFFLOOP_DEADLINE' });
    expect((error as Error).message).toMatch(/'readDeadlines' had passed when it was called; the task was never started/);
  });

  it('is the same in an inline pool', async () => {
    await using inline = createPool({ runtime: 'inline' });
    const [deadline, seen] = await withDeadline(far, async () => [inForce(), await inline.run(readDeadlines, [])] as const);
    expect(seen).toMatchObject({ ofTask: deadline, inForce: deadline, ofInner: deadline });
  });
});
