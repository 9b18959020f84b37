import { describe, expect, it, onTestFailed } from 'vitest';

import { expectBlockingFails, vitest, type Guarded } from './guarded-tests.ts';

describe('offloop/testing/vitest', () => {
  // vitest.slow.test.ts runs the same fixtures with other arguments of Vitest's.
  it('fails the tests that block, and no other: --pool=forks', () => expectBlockingFails('--pool=forks'));

  it('reports the stack of a test that never ends, and ends the process', async () => {
    const { code, output } = await vitest('vitest.config.js', ['hangs'], { OFFLOOP_ABORT_AFTER: '500' });
    expect(code).toBe(1);
    expect(output).toMatch(/"function":"(TestContext\.)?neverEnds"/);
  });

  it('warns of an invalid variable, and goes on', async () => {
    const { code, output } = await inline();
    expect(code).toBe(0);
    expect(output).toContain('OFFLOOP_THRESHOLD: expected a number of milliseconds, 10 to 3,600,000, got "soon". It is ignored.');
  });
});

it('an inline pool carries stores whose modules Vitest has compiled, and so does a pool of threads', async () => {
  const { code, passed, output } = await inline();
  expect([code, Object.values(passed)], output).toEqual([0, [true, true]]);
});

let ran: Promise<Guarded> | undefined;

/** Two tests share one run; after a failure the next test starts another run. */
function inline(): Promise<Guarded> {
  onTestFailed(() => { ran = undefined; });
  return (ran ??= vitest('vitest.config.js', ['inline'], { OFFLOOP_THRESHOLD: 'soon' }));
}
