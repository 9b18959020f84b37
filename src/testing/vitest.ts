import { afterEach, beforeAll, beforeEach } from 'vitest';

import '../core.ts';
import { guard, type Watched } from './guard.ts';

export { configure, expectBlock } from './guard.ts';
export type { GuardOptions } from './guard-options.ts';

/*
 * A setup file of Vitest, `setupFiles: ['offloop/testing/vitest']`: it fails each test that blocks the event loop.
 * Tests that run at the same time share the event loop: each test that a block has kept waiting fails.
 */

const tests = new WeakMap<object, Watched>();

beforeAll(async () => { await guard.start(); });

beforeEach(async ({ task }) => { tests.set(task, await guard.begin()); });

afterEach(async ({ task }) => {
  const watched = tests.get(task);
  if (watched !== undefined) await guard.end(watched, task.name);
});
