import { connect, createServer, type AddressInfo } from 'node:net';

import { createPool } from 'offloop';
import { startWatchdog, type Watchdog } from 'offloop/watchdog';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { add } from '../../fixtures/places.js';
import { parseMetrics } from './prometheus.ts';
import { ask, askUntil, watchdogLines, watched } from '../processes.ts';

describe('the page', () => {
  let watchdog: Watchdog;
  let url: string;
  beforeAll(async () => {
    watchdog = startWatchdog({ page: { port: 0 }, log: false, threshold: 10_000 });
    ({ url = '' } = await watchdog.ready());
  });
  afterAll(() => watchdog.stop());

  it('is on a free port of 127.0.0.1, and ready() returns its URL', () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  it.each([
    ['/', 200, 'text/html; charset=utf-8'],
    ['/health', 200, 'application/json; charset=utf-8'],
    ['/metrics', 200, 'text/plain; version=0.0.4'],
    ['/report.json', 200, 'application/json; charset=utf-8'],
    ['/?live=1', 200, 'text/html; charset=utf-8'],
  ])('%s answers %d, as %s, to be kept by nobody', async (path, status, type) => {
    const { status: got, headers, body } = await ask(url, path);
    expect(got).toBe(status);
    expect(headers).toMatchObject({ 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(body.length).toBeGreaterThan(0);
  });

  it('reports an event loop that turns as healthy', async () => {
    expect(await askUntil(url, '/health', ({ status }) => status === 200)).toMatchObject({ body: '{"status":"ok"}\n' });
  });

  it('answers an unknown path with the list of paths', async () => {
    for (const path of ['/nothing', '/health/', '//health', '/toString', '/__proto__', '/../etc/passwd', '/%2e%2e/x']) {
      expect(await ask(url, path)).toMatchObject({ status: 404, body: 'The paths are: /, /report.json, /health, /metrics\n' });
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s: no request can change anything', async (method) => {
    for (const path of ['/', '/health', '/nothing']) {
      expect(await ask(url, path, { method })).toMatchObject({ status: 405, body: 'Only GET and HEAD.\n', headers: { 'allow': 'GET, HEAD', 'cache-control': 'no-store' } });
    }
  });

  it('answers HEAD as GET, without the body', async () => {
    expect(await ask(url, '/health', { method: 'HEAD' })).toMatchObject({ status: 200, body: '', headers: { 'content-type': 'application/json; charset=utf-8' } });
  });

  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example', '192.168.0.1', '10.0.0.1:7117', '0.0.0.0', '[::2]'])('refuses to be asked for as %s', async (host) => {
    for (const path of ['/', '/report.json', '/metrics', '/health', '/nothing']) {
      expect(await ask(url, path, { headers: { host } })).toMatchObject({ status: 403, body: 'Use the name localhost in the URL.\n' });
    }
  });

  it.each(['localhost', 'localhost:1234', 'LocalHost:80', '127.0.0.1', '127.0.0.1:7117', '127.1.2.3:80', '[::1]', '[::1]:7117'])('may be asked for as %s', async (host) => {
    expect(await ask(url, '/health', { headers: { host } })).toMatchObject({ status: 200 });
  });

  it('has metrics that a strict reader accepts', async () => {
    await askUntil(url, '/metrics', ({ body }) => parseMetrics(body).get('offloop_eventloop_lag_seconds')!.samples.at(-1)!.value > 2);
    expect(parseMetrics((await ask(url, '/metrics')).body).get('offloop_watchdog_live')!.samples[0]!.value).toBe(1);
  });

  it('has the figures of a pool from its first call until the pool is closed', async () => {
    const pool = createPool({ name: 'figures', maxThreads: 1 });
    await pool.run(add, [1, 2]);
    const { body } = await askUntil(url, '/metrics', (answer) => answer.body.includes('offloop_task_calls_total{pool="figures",task="add"} 1'));
    expect(parseMetrics(body).get('offloop_pool_workers_max')!.samples).toContainEqual({ name: 'offloop_pool_workers_max', labels: { pool: 'figures' }, value: 1 });
    await pool.close();
    await askUntil(url, '/metrics', (answer) => !answer.body.includes('figures'));
  });

  it('reports what report() reports', async () => {
    const { stuck, ...report } = JSON.parse((await ask(url, '/report.json')).body);
    expect(stuck).toBeNull();
    expect(Object.keys(report).sort()).toEqual(Object.keys(watchdog.report()).sort());
    expect(report).toMatchObject({ stalls: 0, blockedMs: 0, offenders: [], capture: { mode: 'live' } });
  });

  it('answers while another connection sends nothing', async () => {
    const { port } = new URL(url);
    const silent = connect(Number(port), '127.0.0.1');
    expect(await ask(url, '/health')).toMatchObject({ status: 200 });
    silent.destroy();
  });
});

describe('a page', () => {
  it('closes with its watchdog, in spite of open connections', async () => {
    const watchdog = startWatchdog({ page: { port: 0 }, log: false });
    const { url = '' } = await watchdog.ready();
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    await ask(url, '/health');
    await watchdog.stop();
    await closed;
    await expect(ask(url, '/health')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('with another host is open to other machines, under any name', async () => {
    await using watchdog = startWatchdog({ page: { port: 0, host: '0.0.0.0' }, log: false });
    const { url = '' } = await watchdog.ready();
    expect(url).toMatch(/^http:\/\/0\.0\.0\.0:\d+\/$/);
    expect(await ask(url.replace('0.0.0.0', '127.0.0.1'), '/health', { headers: { host: 'app.internal' } })).toMatchObject({ status: 200 });
  });

  it('on a port that is in use is missing: one notice, and the watchdog goes on', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => { taken.listen(0, '127.0.0.1', resolve); });
    const { port } = taken.address() as AddressInfo;
    const child = watched('serves-page.js', { page: { port } });
    expect(await child.says('ready')).toEqual({ capture: { mode: 'live' } });
    child.kill('SIGTERM');
    const { code, stderr } = await child.ended;
    expect([code, watchdogLines(stderr)]).toEqual([0, [`offloop: the watchdog's page cannot be served on 127.0.0.1:${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}`]]);
    await new Promise((resolve) => taken.close(resolve));
  });

  it('has its URL written to stderr', async () => {
    const child = watched('serves-page.js', { page: { port: 0 } });
    const { url } = await child.says('ready');
    child.kill('SIGTERM');
    expect(watchdogLines((await child.ended).stderr)).toEqual([`offloop: the watchdog's page is on ${url}`]);
  });
});
