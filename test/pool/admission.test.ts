import { withDeadline } from 'offloop';
import { describe, expect, it } from 'vitest';

import { loadsSlowly } from '../fixtures/loads-slowly.js';
import { takesMs } from '../fixtures/takes-ms.js';
import { gate, observed, poolFor, rejection, runtimes } from './helpers.ts';
import { waitsAt } from '../fixtures/gates.js';

describe.each(runtimes.filter((runtime) => runtime !== 'inline'))('a pool of one worker of %s, where 20 calls of 50 ms wait', (runtime) => {
  it('refuses a call at the door whose deadline the queue cannot meet, and no other', async () => {
    const pool = poolFor({ runtime, maxThreads: 1, name: 'busy' });
    // So the first call of the twenty does not wait for the worker's start.
    await pool.run(takesMs, [1]);
    const twenty = Array.from({ length: 20 }, () => pool.run(takesMs, [50]));
    for (const call of twenty) call.catch(() => {});
    await Promise.all(twenty.slice(0, 3));

    const error = await rejection(pool.run(takesMs, [50], { deadline: Date.now() + 200 }));
    expect(error).toMatchObject({ name: 'DeadlineExceededError', code: 'OFFLOOP_DEADLINE', retryAfter: expect.any(Number) });
    expect(error.message).toMatch(/^The call of the task 'takesMs' was refused: its deadline is in \d+ ms, and such a call has to wait about \d+ ms in the pool 'busy' now(, and runs for about \d+ ms)?; the task was never started\. /);
    expect(error.retryAfter).toBeGreaterThanOrEqual(1);
    expect(await rejection(withDeadline(200, () => pool.run(takesMs, [50])))).toMatchObject({ code: 'OFFLOOP_DEADLINE', retryAfter: expect.any(Number) });

    const urgent = pool.run(takesMs, [1], { deadline: Date.now() + 5000, priority: 1 });
    const patient = pool.run(takesMs, [1], { deadline: Date.now() + 10_000 });
    await Promise.all([...twenty, urgent, patient]);
    await pool.run(takesMs, [50], { deadline: Date.now() + 200 }).catch((reason: unknown) => {
      // A machine that is busy may need longer for the run; the call was not refused at the door.
      expect(reason).not.toHaveProperty('retryAfter');
    });
  });
});

it.each(['threads', 'processes'] as const)('no call is refused at the door for the time that a worker took to start and to load a module: %s', async (runtime) => {
  for (const warmUp of [3, 8]) {
    const pool = poolFor({ runtime, maxThreads: 2 });
    await Promise.all(Array.from({ length: warmUp }, (_, i) => pool.run(loadsSlowly, [i])));
    const burst = Array.from({ length: 30 }, (_, i) => pool.run(loadsSlowly, [i], { deadline: Date.now() + 500 }).catch((reason: unknown) => String(reason)));
    // On a busy machine a deadline may pass later.
    expect((await Promise.all(burst)).filter((result) => String(result).includes('was refused'))).toEqual([]);
  }
});

it('a call that came with the others is judged by the time that such runs take', async () => {
  const pool = poolFor({ maxThreads: 1 });
  for (let i = 0; i < 8; i++) await pool.run(takesMs, [20]);
  const twenty = Array.from({ length: 20 }, () => pool.run(takesMs, [20]));
  const error = await rejection(pool.run(takesMs, [20], { deadline: Date.now() + 50 }));
  expect(error).toMatchObject({ code: 'OFFLOOP_DEADLINE', retryAfter: expect.any(Number) });
  await Promise.all(twenty);
});

it('a call of a higher priority, and the first of its kind, is not refused, however many others wait', async () => {
  const pool = poolFor({ maxThreads: 1 });
  for (let i = 0; i < 8; i++) await pool.run(takesMs, [20]);
  const twenty = Array.from({ length: 20 }, () => pool.run(takesMs, [20]));
  await twenty[2];
  const { path, open } = gate();
  open();
  for (const call of [pool.run(takesMs, [1], { deadline: Date.now() + 150, priority: 1 }), pool.run(waitsAt, [path, 1], { deadline: Date.now() + 150, priority: 1 })]) {
    await call.catch((reason: unknown) => { expect(reason).not.toHaveProperty('retryAfter'); });
  }
  await Promise.all(twenty);
});

it('a call that is refused learns when its wait and its run fit into such a deadline, and nothing where the run alone does not', async () => {
  const pool = poolFor({ maxThreads: 1 });
  for (let i = 0; i < 8; i++) await pool.run(takesMs, [20]);
  const ten = Array.from({ length: 10 }, () => pool.run(takesMs, [20]));
  const refused = (ms: number): Promise<any> => rejection(pool.run(takesMs, [20], { deadline: Date.now() + ms }));
  const [fits, never] = [await refused(100), await refused(10)];
  const [left, wait, run] = /deadline is in (\d+) ms, .* wait about (\d+) ms .* runs for about (\d+) ms; .* Call again in \d+ ms/.exec(fits.message)!.slice(1).map(Number) as [number, number, number];
  // Each figure is rounded up.
  expect(Math.abs(fits.retryAfter - (wait + run - left))).toBeLessThanOrEqual(2);
  expect(never).toMatchObject({ code: 'OFFLOOP_DEADLINE', message: expect.stringMatching(/runs for about \d+ ms; the task was never started\. Allow more time\.$/) });
  expect('retryAfter' in never).toBe(false);
  await Promise.all(ten);
});

it('a full queue says after how long it will have room, once it knows', async () => {
  const pool = poolFor({ maxThreads: 1, maxQueue: 5 });
  const { path, open } = gate();
  const { options, started } = observed();
  const first = pool.run(waitsAt, [path, 1], options);
  await started;
  const five = Array.from({ length: 5 }, () => pool.run(takesMs, [20]));
  const unknown = await rejection(pool.run(takesMs, [20]));
  expect(unknown).toMatchObject({ code: 'OFFLOOP_QUEUE_FULL' });
  expect('retryAfter' in unknown).toBe(false);
  open();
  await Promise.all([first, five[1]]);
  while (pool.stats().queue.waiting < 5) five.push(pool.run(takesMs, [20]));
  const known = await rejection(pool.run(takesMs, [20]));
  expect(known).toMatchObject({ code: 'OFFLOOP_QUEUE_FULL', retryAfter: expect.any(Number) });
  expect(known.retryAfter).toBeGreaterThanOrEqual(1);
  await Promise.all(five);
});
