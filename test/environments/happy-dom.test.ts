// @vitest-environment happy-dom
import { createPool } from 'offloop';
import { expect, it, onTestFinished } from 'vitest';

import { reads, Refused, refuses, user, waits } from '../fixtures/agents/tasks.js';

it.each(['threads', 'processes', 'inline'] as const)('under the globals of a DOM, calls on %s have the right results, stores, errors and aborts', async (runtime) => {
  expect(Reflect.get(globalThis, 'document')).toBeTypeOf('object');
  const pool = createPool({ runtime, maxThreads: 1 });
  onTestFinished(() => pool.close({ drain: false }));
  expect(await user.run('user 1', () => pool.run(reads, [1]))).toEqual([1, 'user 1']);
  expect(await pool.map(reads, [1, 2]).toArray()).toEqual([[1, undefined], [2, undefined]]);
  await expect(pool.run(refuses, [])).rejects.toBeInstanceOf(Refused);
  await expect(pool.run(waits, [], { timeout: 20 })).rejects.toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
  const controller = new AbortController();
  setTimeout(() => { controller.abort('enough'); }, 20);
  await expect(pool.run(waits, [], { signal: controller.signal })).rejects.toBe('enough');
  await pool.close();
});
