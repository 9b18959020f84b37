import { afterEach, beforeEach } from 'node:test';

import '../core.ts';
import { guard, type Watched } from './guard.ts';

export { configure, expectBlock } from './guard.ts';
export type { GuardOptions } from './guard-options.ts';

/*
 * For `node --test --import offloop/testing/node-test`: it fails each test that blocks the event loop.
 * Tests that run at the same time share the event loop: each test that a block has kept waiting fails.
 */

const tests = new WeakMap<object, Watched>();

beforeEach(async (test) => { tests.set(test, await guard.begin()); });

afterEach(async (test) => {
  const watched = tests.get(test);
  if (watched !== undefined) await guard.end(watched, test.name);
});
