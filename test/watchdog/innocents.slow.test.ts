import { describe, it } from 'vitest';

import { expectNoStall, expectNoStallDuring } from './innocents.ts';
import { fixture, startProcess } from './watched.ts';

describe('reports nothing', () => {
  it.each([
    ['of forty immediates, of 10 ms each', 'short-immediates.js'],
    ['of a worker thread that is busy', 'busy-worker.js'],
    ['of a process that is idle', 'idle.js'],
  ])('%s', async (_what, name) => {
    await expectNoStallDuring(name, (watched) => watched.request());
  });

  it.each([
    ['imports', 'imports-slow.js', []],
    ['requires', 'requires-slow.cjs', []],
    ['imports as CommonJS, once the watchdog is ready,', 'requires-slow-later.cjs', []],
    ['imports, with a watchdog that came with --import,', 'slow.js', ['--import', fixture('start-up/starts-watchdog.js').href]],
  ])('of a slow module that a starting process %s (%s)', async (_how, name, execArgv) => {
    const watched = startProcess(fixture(`start-up/${name}`), [], { execArgv });
    await watched.message('loaded');
    await watched.stop();
    expectNoStall(watched);
  });
});
