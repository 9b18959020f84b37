import { describe, expect, it } from 'vitest';

import { blocked, vitest } from './guarded-tests.ts';

describe('offloop/testing/vitest', () => {
  it.each([['--pool=forks'], ['--pool=threads'], ['--no-isolate', '--no-file-parallelism']])('fails the tests that block, and no other: %s %s', async (...args) => {
    const { code, passed, output } = await vitest('vitest.config.js', ['block.vitest', ...args]);
    expect(passed).toEqual({
      'waits for long': true,
      'blocks at once': false,
      'is short': true,
      'blocks after a while': false,
      'may block': true,
      'blocks half as long as is allowed, the one': true,
      'blocks half as long as is allowed, the other': true,
      'blocks in another file': false,
    });
    expect(code).toBe(1);
    for (const name of ['blocks at once', 'blocks after a while', 'blocks in another file']) expect(output).toMatch(blocked(name));
    // Of the source, not of what Vitest has compiled it to.
    expect(output).toContain('function at some-block.vitest.js:14 ');
    expect(output).toContain('function at some-block.vitest.js:23 ');
  });

  it('allows what the environment allows', async () => {
    const { code, passed } = await vitest('vitest.config.js', ['short-block'], { OFFLOOP_THRESHOLD: '2000' });
    expect([code, Object.values(passed)]).toEqual([0, [true]]);
  });

  it('allows what a setup file allows, whatever the environment says', async () => {
    const { passed } = await vitest('configured.config.js', [], { OFFLOOP_THRESHOLD: '20' });
    expect(passed).toEqual({ 'cannot be configured any more': true, 'blocks for less than is allowed by the set-up': true, 'blocks for more': false });
  });

  it('says where a test is that never ends, and ends it', async () => {
    const { code, output } = await vitest('vitest.config.js', ['hangs'], { OFFLOOP_ABORT_AFTER: '500' });
    expect(code).toBe(1);
    expect(output).toMatch(/"function":"(TestContext\.)?neverEnds"/);
  });

  it('tells of a variable that makes no sense, and goes on', async () => {
    const { code, output } = await vitest('vitest.config.js', ['inline'], { OFFLOOP_THRESHOLD: 'soon' });
    expect(code).toBe(0);
    expect(output).toContain('OFFLOOP_THRESHOLD: expected a number of milliseconds, 10 to 3,600,000, got "soon". It is ignored.');
  });
});

it('an inline pool carries stores whose modules Vitest has compiled, and so does a pool of threads', async () => {
  const { code, passed, output } = await vitest('vitest.config.js', ['inline']);
  expect([code, Object.values(passed)], output).toEqual([0, [true, true]]);
});
