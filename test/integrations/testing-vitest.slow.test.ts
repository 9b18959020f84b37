import { describe, it } from 'vitest';

import { expectBlockingFails } from './guarded-tests.ts';

describe('offloop/testing/vitest', () => {
  it.each([['--pool=threads'], ['--no-isolate', '--no-file-parallelism']])('fails the tests that block, and no other: %s %s', (...args) => expectBlockingFails(...args));
});
