import { describe, expect, it } from 'vitest';

import { canCallAnything } from '../../src/context/shown-stores.ts';
import { ask, runWatched, watched } from './processes.ts';

describe('what is sensitive is shown nowhere', () => {
  it.each(['stderr', 'json'])('neither on the page, in the report, on the channel, nor in the log (%s)', async (log) => {
    const child = watched('keeps-secret.js', { log, page: { port: 0 } });
    const { url } = await child.says('ready');
    await child.stderr(/stuck.*spinsUntilTold/);
    const during = await Promise.all(['/', '/health', '/metrics', '/report.json'].map((path) => ask(url, path)));
    child.tell();
    const all = await child.says('all');
    const after = await Promise.all(['/', '/health', '/metrics', '/report.json'].map((path) => ask(url, path)));
    child.kill('SIGTERM');
    const { code, stderr, stdout } = await child.ended;
    expect(code).toBe(0);
    for (const text of [...during.map(({ body }) => body), ...after.map(({ body }) => body), stderr, stdout]) expect(text).not.toContain('hunter2');
    // The report has the context of the secret: the other stores are shown.
    const context = { request: { id: 'r-6' }, secret: '[sensitive]' };
    expect(all.slice(0, 2)).toMatchObject([{ context }, { offenders: [{ context }] }]);
    expect(JSON.parse(during[3]!.body)).toMatchObject({ stuck: { context } });
    expect(child.said('stall').at(-1)).toMatchObject({ context });
    expect(stderr).toContain('"secret":"[sensitive]"');
  });
});

it('Stores that cannot be shown are named, and the others are shown', async () => {
  const { code, stdout, stderr, said } = await runWatched('has-hostile-stores.js');
  const hidden = '[cannot be shown: OFFLOOP_CONTEXT]';
  // Before Node 24, no function of the user's is called in the middle of a stall, since the stall may be in a regular expression.
  const onlyRead = canCallAnything ? undefined : '[not shown: only Node 24 and up can call its functions in the middle of a stall]';
  expect([code, said('told')]).toEqual([0, [{
    culprit: 'spins',
    context: { request: { id: 'r-7' }, encodes: onlyRead ?? hidden, gets: onlyRead ?? hidden, functions: hidden, cyclic: hidden, big: '[cannot be shown: OFFLOOP_CONTEXT_TOO_LARGE]' },
  }]]);
  expect(stdout + stderr).not.toContain('hunter2');
});

describe('a stall that is ignored', () => {
  it.each(['stderr', 'json'])('is not reported, not even while it lasts (%s)', async (log) => {
    const { code, stderr, said } = await runWatched('ignores.js', { log });
    expect([code, said('told'), said('reported')]).toEqual([0, [['parses']], [1]]);
    expect(stderr).toContain('parses');
    expect(stderr).not.toContain('renders');
  });
});

describe('a callback that throws', () => {
  it.each(['onStall', 'ignore'])('%s: a warning, not a crash, and the stall is reported', async (name) => {
    const { code, stderr, said } = await runWatched('throws-in-callbacks.js', {}, { args: [name] });
    expect([code, said('told'), said('reported')]).toEqual([0, ['spins'], [true]]);
    expect(said('warning')).toEqual([{ name: 'OffloopWarning', code: 'OFFLOOP_WATCHDOG_CALLBACK', message: `startWatchdog(): \`${name}\` has thrown: Error: on purpose` }]);
    // Where `ignore` cannot be called while the stall lasts, the stall is logged only after its end.
    const isTold = name === 'onStall' || canCallAnything ? /has been stuck for .* in spins \(.*is free again after .* in spins \(/s : /was stuck for .* in spins \(/;
    expect(stderr).toMatch(isTold);
  });

  it('later, as an async function, with a value that is no error: the same', async () => {
    const { code, said } = await runWatched('throws-in-callbacks.js', {}, { args: ['onStall', 'later'] });
    expect([code, said('told'), said('reported')]).toEqual([0, ['spins'], [true]]);
    expect(said('warning')).toMatchObject([{ code: 'OFFLOOP_WATCHDOG_CALLBACK', message: 'startWatchdog(): `onStall` has thrown: `[Object: null prototype] {}` (object)' }]);
  });
});

