import { describe, expect, it } from 'vitest';

import { expectBlockingFails, vitest } from './guarded-tests.ts';

describe('offloop/testing/vitest', () => {
  it.each([['--pool=threads'], ['--no-isolate', '--no-file-parallelism']])('fails the tests that block, and no other: %s %s', (...args) => expectBlockingFails(...args));

  it('takes the limit from the environment', async () => {
    const { code, passed } = await vitest('vitest.config.js', ['short-block'], { OFFLOOP_THRESHOLD: '2000' });
    expect([code, Object.values(passed)]).toEqual([0, [true]]);
  });

  it('prefers the limit of a setup file to that of the environment', async () => {
    const { passed } = await vitest('configured.config.js', [], { OFFLOOP_THRESHOLD: '20' });
    expect(passed).toEqual({ 'cannot be configured any more': true, 'blocks for less than is allowed by the set-up': true, 'blocks for more': false });
  });
});
