import { Worker } from 'node:worker_threads';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { InspectorLock } from '../../../src/pool/engines/worker-stack/inspector-lock.ts';
import { withResolvers } from '../../../src/node/promises.ts';
import { spinsWithCells } from '../../fixtures/evaluated.js';
import { exitsWithCells } from '../../fixtures/inspects.js';
import { observed, poolFor, rejection, runNode, script } from '../helpers.ts';

describe('the inspector attaches to threads', () => {
  it('only when ending workers are gone', async () => {
    const lock = new InspectorLock();
    const seen: string[] = [];
    const ended = withResolvers<undefined>();
    const end = lock.end(async () => {
      await ended.promise;
      seen.push('ended');
    });
    const attached = lock.whileAttaching(async () => { seen.push('looked'); });
    await turns();
    expect(seen).toEqual([]);
    ended.resolve(undefined);
    await Promise.all([end, attached]);
    expect(seen).toEqual(['ended', 'looked']);
  });

  it('and no worker is ended meanwhile', async () => {
    const lock = new InspectorLock();
    const seen: string[] = [];
    const looked = withResolvers<undefined>();
    const attached = lock.whileAttaching(async () => {
      seen.push('looks');
      await looked.promise;
      seen.push('looked');
    });
    await turns();
    const end = lock.end(async () => { seen.push('ended'); });
    await turns();
    expect(seen).toEqual(['looks']);
    looked.resolve(undefined);
    await Promise.all([attached, end]);
    expect(seen).toEqual(['looks', 'looked', 'ended']);
  });

  it('once at a time, whatever becomes of the first time', async () => {
    const lock = new InspectorLock();
    const first = lock.whileAttaching(async () => { throw new RangeError('no inspector'); });
    const second = lock.whileAttaching(async () => 'a stack');
    await expect(first).rejects.toThrow('no inspector');
    expect(await second).toBe('a stack');
  });

  it('never, where an ending worker does not end', async () => {
    const lock = new InspectorLock();
    void lock.end(() => new Promise(() => {}));
    expect(await lock.whileAttaching(async () => 'a stack')).toBe(undefined);
  });
});

describe('a thread that ends by itself', () => {
  it('ends before the inspector attaches', async () => {
    const lock = new InspectorLock();
    const seen: string[] = [];
    const gone = withResolvers<undefined>();
    lock.add({ isEnding: () => true, gone: gone.promise });
    const attached = lock.whileAttaching(async () => { seen.push('looked'); });
    await turns();
    expect([seen, lock.flag[0]]).toEqual([[], 0]);
    gone.resolve(undefined);
    await attached;
    expect([seen, lock.flag[0]]).toEqual([['looked'], 0]);
  });

  it('waits while the inspector attaches', async () => {
    const cells = new Int32Array(new SharedArrayBuffer(4));
    const pool = poolFor({ maxThreads: 1 });
    await pool.run(exitsWithCells, [cells]).catch(() => {});
    Atomics.store(cells, 0, 0);
    const looked = withResolvers<undefined>();
    const attached = lockOfDist().whileAttaching(() => looked.promise);
    await turns();
    const { options, started } = observed();
    const exits = rejection(pool.run(exitsWithCells, [cells], options));
    await started;
    await Atomics.waitAsync(cells, 0, 0, 100).value;
    expect(Atomics.load(cells, 0)).toBe(0);
    looked.resolve(undefined);
    await attached;
    expect(await exits).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', exitCode: 3 });
    expect(Atomics.load(cells, 0)).toBe(1);
  });
});

/** The lock of the pools under test. */
function lockOfDist(): InspectorLock {
  const shared = (globalThis as unknown as Record<symbol, Map<string, unknown>>)[Symbol.for('offloop.shared.1')]!;
  return shared.get('inspector lock 3') as InspectorLock;
}

describe('a worker with an inspector of its own', () => {
  it('ends after its stack was read, and so do its pool and its process', async () => {
    const { code, stdout, stderr } = await runNode([script('is-inspected.js')]);
    const told = 'OFFLOOP_TIMEOUT true\n';
    expect([code, stdout]).toEqual([0, `${`${told}closed\n`.repeat(3)}${told}`]);
    expect(stderr).not.toContain('Warning');
  });
});

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => { setImmediate(resolve); });
}

describe('a thread that is to end while the inspector evaluates something in it', () => {
  it('is told again, since Node has forgotten it, and the pool closes', async () => {
    const cells = new Int32Array(new SharedArrayBuffer(4));
    const thread = withResolvers<Worker>();
    process.once('worker', thread.resolve);
    const pool = poolFor({ maxThreads: 1, abortGrace: 0 });
    const { options, started, seen } = observed();
    const spinning = rejection(pool.run(spinsWithCells, [cells], options));
    await started;
    evaluate('Atomics.store(cells, 0, 1); Atomics.notify(cells, 0); for (const end = performance.now() + 500; performance.now() < end;);', seen[0] as number);
    await Atomics.waitAsync(cells, 0, 0).value;
    const worker = await thread.promise;
    const told = vi.spyOn(worker, 'terminate');
    const closed = pool.close({ drain: false });
    await vi.waitUntil(() => told.mock.calls.length > 0);
    const listeners = worker.listenerCount('exit');
    await vi.waitUntil(() => told.mock.calls.length > 1);
    // Eleven of them would be a warning.
    expect(worker.listenerCount('exit')).toBeLessThanOrEqual(listeners);
    await closed;
    expect(await spinning).toMatchObject({ code: 'OFFLOOP_POOL_CLOSED' });
  });
});

/** In another thread, from a third one, as the pool does. */
function evaluate(expression: string, threadId: number): void {
  const code = `
    const { Session } = require('node:inspector');
    const session = new Session();
    session.connectToMainThread();
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      if (!workerInfo.title.startsWith('[worker ${threadId}]')) return;
      const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: ${JSON.stringify(expression)} } });
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
    });
    // A session keeps no thread alive.
    setInterval(() => {}, 1000);
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  `;
  const worker = new Worker(code, { eval: true });
  onTestFinished(async () => { await worker.terminate(); });
}
