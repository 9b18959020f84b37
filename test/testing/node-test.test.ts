import { describe, expect, it } from 'vitest';

import { blockedMessage, nodeTest } from './guarded-tests.ts';

describe('offloop/testing/node-test', () => {
  it('fails the tests that block, and no other', async () => {
    const { code, passed, output } = await nodeTest('some-block.node-test.js');
    expect(passed).toEqual({
      'waits for long': true,
      'blocks at once': false,
      'is short': true,
      'blocks after a while': false,
      'blocks half as long as is allowed, the one': true,
      'blocks half as long as is allowed, the other': true,
      'a suite': false,
      'may block': true,
      'of which one blocks': false,
      'of which one is short': true,
      'has parts': false,
    });
    expect(code).toBe(1);
    for (const name of ['blocks at once', 'blocks after a while', 'of which one blocks']) expect(output).toMatch(blockedMessage(name));
    expect(output).toMatch(/stack: \|-\n\s+blockFor \(.*blocks-for\.js:\d+:\d+\)\n/);
  });

  it('takes the limit from the environment', async () => {
    const { code, passed } = await nodeTest('some-block.node-test.js', { OFFLOOP_THRESHOLD: '2000' });
    expect([code, Object.values(passed)]).toEqual([0, Array(11).fill(true)]);
  });

  it('reports the stack of a test that never ends, and ends the process', async () => {
    const { code, passed, output } = await nodeTest('hangs.node-test.js', { OFFLOOP_ABORT_AFTER: '500' });
    expect([code, Object.values(passed)]).toEqual([1, [false]]);
    expect(output).toMatch(/"function":"(TestContext\.)?neverEnds"/);
  });
});
