import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { parseMetrics } from './page/prometheus.ts';
import { ask, askUntil, makeFifo, watchdogLines, parseLines, watched, type Watched } from './processes.ts';

const page = { page: { port: 0 } };
// Other tests that run at the same time may leave the process too little CPU.
const computing = expect.stringMatching(/^(javascript|starved)$/);

/** Reads everything that is available while the event loop is stuck in `name`. Each request here is served before the block ends. */
async function expectReportedEverywhere(child: Watched, name: string, id: string): Promise<string> {
  const { url } = await child.says('ready');
  await child.stderr(new RegExp(`^offloop: the event loop has been stuck for .* in ${name} \\(`, 'm'));
  const health = await ask(url, '/health');
  expect(health.status).toBe(503);
  expect(JSON.parse(health.body)).toEqual({ status: 'stuck', since: expect.any(Number), forMs: expect.any(Number), where: expect.stringMatching(`^${name} \\(.*\\.js:\\d+:\\d+\\)$`), kind: computing });
  const report = JSON.parse((await ask(url, '/report.json')).body);
  expect(report).toMatchObject({ stalls: 0, capture: { mode: 'live' }, stuck: { where: expect.stringContaining(name), context: { request: { id } } } });
  const metrics = parseMetrics((await ask(url, '/metrics')).body);
  expect(metrics.get('offloop_eventloop_stuck_seconds')!.samples[0]!.value).toBeGreaterThanOrEqual(0.1);
  expect((await ask(url, '/')).body).toContain('<!doctype html>');
  return url;
}

describe('while the loop is stuck', () => {
  it('a block of two seconds is on stderr, on /health, on /metrics and in the report', async () => {
    const child = watched('spins-until-told.js', page, { args: ['2000'] });
    const url = await expectReportedEverywhere(child, 'spinsUntilTold', 'r-1');
    expect(child.said('free')).toEqual([]);
    child.tell();
    const stall = await child.says('stall');
    expect(stall).toMatchObject({ kind: computing, confidence: 'live', culprit: { function: 'spinsUntilTold' }, context: { request: { id: 'r-1' } } });
    expect(stall.duration).toBeGreaterThanOrEqual(2000);
    await child.stderr(/^offloop: the event loop is free again after .* in spinsUntilTold \(/m);
    expect((await askUntil(url, '/health', ({ status }) => status === 200)).body).toBe('{"status":"ok"}\n');
    const counted = JSON.parse((await askUntil(url, '/report.json', ({ body }) => JSON.parse(body).stalls > 0)).body);
    expect(counted).toMatchObject({ stuck: null, offenders: expect.arrayContaining([expect.objectContaining({ culprit: expect.objectContaining({ function: 'spinsUntilTold' }) })]) });
    child.kill('SIGTERM');
    expect(await child.ended).toMatchObject({ code: 0 });
  });

  it('so is a loop that never ends', async () => {
    const child = watched('spins-forever.js', page);
    const url = await expectReportedEverywhere(child, 'spinsForever', 'r-2');
    await child.stderr(/^offloop: still stuck, for .* in spinsForever \(/m);
    expect((await ask(url, '/health')).status).toBe(503);
    child.kill('SIGKILL');
    expect((await child.ended).stdout).not.toContain('stall');
  });

  it('the JSON log has a line for programs', async () => {
    const child = watched('spins-until-told.js', { log: 'json' });
    await child.stderr(/"event":"stuck".*\n/);
    expect(child.said('free')).toEqual([]);
    child.tell();
    await child.stderr(/"event":"ended".*\n/);
    child.kill('SIGTERM');
    const [stuck, ended] = parseLines((await child.ended).stderr).filter(({ event }) => event !== 'silent');
    const about = { offloop: 'stall', kind: computing, culprit: { function: 'spinsUntilTold' }, context: { request: { id: 'r-1' } } };
    expect(stuck).toMatchObject({ ...about, event: 'stuck' });
    expect(ended).toMatchObject({ ...about, event: 'ended' });
  });

  it('its first report shows the place, the context, the kind and the advice', async () => {
    const child = watched('spins-forever.js');
    await child.stderr(/→ .*\n/);
    child.kill('SIGKILL');
    const lines = (await child.ended).stderr.split('\n').filter((line) => !line.includes('does not answer'));
    const place = String.raw`spinsForever \(.*test\/fixtures\/watchdog-life\/spins-forever\.js:\d+:\d+\)`;
    expect(lines[0]).toMatch(new RegExp(`^offloop: the event loop has been stuck for \\d+ ms in ${place}$`));
    expect(lines.slice(1, 3)).toEqual([expect.stringMatching(/^ {2}(javascript|starved)$/), '  context: {"request":{"id":"r-2"}}']);
    expect(lines[3]).toMatch(new RegExp(`^      at ${place}$`));
    expect(lines.find((line) => line.includes('→'))).toMatch(/^ {2}→ ./);
  });
});

describe.skipIf(process.platform === 'win32')('while the loop is stuck in a native call (Windows has no mkfifo)', () => {
  it('that it does not answer is said at once, and where it was as soon as it returns', async () => {
    const fifo = makeFifo();
    const child = watched('reads-fifo.js', page, { args: [fifo] });
    const { url } = await child.says('ready');
    await child.stderr(/^offloop: the event loop has been stuck for .* and does not answer: native code, or a call that blocks/m);
    // The time counts from the last heartbeat; the event loop may have been idle for a while after that heartbeat.
    const health = await askUntil(url, '/health', ({ body }) => JSON.parse(body).forMs > 200);
    expect([health.status, JSON.parse(health.body)]).toEqual([503, { status: 'stuck', since: expect.any(Number), forMs: expect.any(Number), kind: 'blocking-io' }]);
    expect(child.said('read')).toEqual([]);
    writeFileSync(fifo, '!');
    await child.stderr(/^offloop: the event loop was stuck for .* in readsFifo \(.*\n.*seen as it returned\n/m);
    expect(await child.says('stall')).toMatchObject({ confidence: 'at-return', culprit: { function: 'readsFifo' }, context: { request: { id: 'r-3' } } });
    expect(child.said('read')).toEqual(['!']);
    child.kill('SIGTERM');
    expect(await child.ended).toMatchObject({ code: 0 });
  });

  it('abortAfter ends the process by SIGKILL, after a notice', async () => {
    const { code, signal, stderr } = await watched('reads-fifo.js', { abortAfter: 300 }, { args: [makeFifo()] }).ended;
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    const said = watchdogLines(stderr);
    expect(said[0]).toMatch(/has been stuck for .* and does not answer: native code, or a call that blocks/);
    expect(said.find((line) => line.includes('abortAfter'))).toMatch(/stuck for \d+ ms, longer than `abortAfter` allows: the process ends$/);
    expectNoFalseEnd(stderr);
  });
});

describe('abortAfter', () => {
  it('ends an infinite loop with exit code 70, after its report was logged', async () => {
    const { code, signal, stderr } = await watched('spins-forever.js', { abortAfter: 300 }).ended;
    expect([code, signal]).toEqual([70, null]);
    const report = stderr.indexOf('in spinsForever (');
    const notice = stderr.indexOf('longer than `abortAfter` allows: the process ends');
    expect(report).toBeGreaterThan(0);
    expect(notice).toBeGreaterThan(report);
    expectNoFalseEnd(stderr);
  });

  it('reports before it ends the process, also where it is no longer than the threshold', async () => {
    const { code, stderr } = await watched('spins-forever.js', { threshold: 100, abortAfter: 50 }).ended;
    expect([code, stderr]).toEqual([70, expect.stringContaining('in spinsForever (')]);
  });

  it('leaves a block alone that ends in time', async () => {
    const child = watched('spins-until-told.js', { abortAfter: 20_000 });
    await child.stderr(/has been stuck for/);
    child.tell();
    await child.stderr(/the event loop is free again/);
    child.kill('SIGTERM');
    expect(await child.ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('abortAfter') });
  });
});

/** The log must not say that the event loop is free when the process is killed, nor that a debugger is attached. */
function expectNoFalseEnd(stderr: string): void {
  expect(stderr).not.toContain('free again');
  expect(stderr).not.toContain('debugger');
}
