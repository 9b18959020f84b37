import { expect } from 'vitest';

import { runNode, script } from './helpers.ts';

const expected = {
  'a cold start while hours pass': 42,
  'an endless task is ended': [42, null],
  'a timeout': 'OFFLOOP_TIMEOUT',
  'a deadline': 'OFFLOOP_DEADLINE',
  'a deadline that is far': [1, 1],
  'withDeadline()': [1, 1],
  'ready() again and again': 'ready',
  'closing with a time limit': [null, 'OFFLOOP_POOL_CLOSED'],
  'idle workers afterwards': 1,
  'closing with nothing else to do': 'closed',
};

/** Runs in a process whose clock is faked in this way. */
export async function expectRealClock(faker: string, runtime: string): Promise<void> {
  const { code, stdout } = await runNode([script('fakes-the-clock.js'), faker, runtime]);
  expect([code, JSON.parse(stdout)]).toEqual([0, expected]);
}
