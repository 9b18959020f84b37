import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { createPool, type Pool } from 'offloop';
import { describe, expect, it } from 'vitest';

import { privateStore } from '../fixtures/context/private-store.js';
import { readStores, readStoresInProgress } from '../fixtures/context/reads-stores.js';
import { requestStore } from '../fixtures/context/request-store.js';
import { throwsOnPurpose } from '../fixtures/context/throws.js';
import { waitsForAbort } from '../fixtures/context/waits-for-abort.js';

setFlagsFromString('--expose_gc');
const gc = runInNewContext('gc') as () => void;

class RequestState {
  readonly payload = new Uint8Array(1024);
}

/** Runs `fn` in the context of one request and tells whether that request's state can be collected afterwards. */
async function isCollected(fn: () => Promise<unknown>): Promise<boolean> {
  const gone: string[] = [];
  const registry = new FinalizationRegistry<string>((what) => gone.push(what));
  const state = await inRequest(fn, registry);
  // Reading the reference would keep the state for another turn.
  for (let i = 0; i < 50 && gone.length === 0; i++) {
    await turn();
    gc();
  }
  return gone[0] === 'state' && state.deref() === undefined;
}

/** A separate function, so that no local variable of the function above holds the state. */
async function inRequest(fn: () => Promise<unknown>, registry: FinalizationRegistry<string>): Promise<WeakRef<RequestState>> {
  const state = new RequestState();
  registry.register(state, 'state');
  await privateStore.run(state, () => requestStore.run({ id: 'of the creator' }, fn));
  return new WeakRef(state);
}

describe('a pool that lives on after the request that created it', () => {
  it('does not keep that request’s context: created, first task, progress', async () => {
    let pool!: Pool;
    const collected = await isCollected(async () => {
      pool = createPool({ maxThreads: 2 });
      await pool.run(readStoresInProgress, [], { onProgress: () => undefined });
      await Promise.all([pool.run(readStores, []), pool.run(readStores, [])]);
    });
    expect(collected).toBe(true);
    await pool.close();
  });

  it('does not keep the context of a call that failed', async () => {
    await using pool = createPool({ maxThreads: 1 });
    expect(await isCollected(() => pool.run(throwsOnPurpose, ['plain']).catch(() => undefined))).toBe(true);
  });

  it('does not keep the context of a call with limits, nor of the signal’s listener', async () => {
    await using pool = createPool({ maxThreads: 1 });
    const { signal } = new AbortController();
    const limits = { signal, timeout: 60_000, deadline: Date.now() + 60_000, onProgress: () => undefined };
    expect(await isCollected(() => pool.run(readStoresInProgress, [], limits))).toBe(true);
    expect(signal.aborted).toBe(false);
  });

  it('does not keep the context of the caller that aborted a call, nor of the worker that replaces another worker', async () => {
    await using pool = createPool({ maxThreads: 1, abortGrace: 0 });
    const controller = new AbortController();
    const collected = await isCollected(async () => {
      const started = new Promise((resolve) => {
        const running = pool.run(waitsForAbort, [{ evenThen: true }], { signal: controller.signal, onProgress: resolve });
        running.catch(() => undefined);
      });
      await started;
      controller.abort();
      await pool.run(readStores, []);
    });
    expect(collected).toBe(true);
    expect(pool.stats().workers.replaced).toBe(1);
  });

  it('does not keep the context of a call that waited in the queue', async () => {
    await using pool = createPool({ maxThreads: 1 });
    expect(await isCollected(() => Promise.all(Array.from({ length: 10 }, () => pool.run(readStores, []))))).toBe(true);
  });

  it('shows that context to no other caller’s task', async () => {
    const pool = requestStore.run('of the creator', () => createPool({ maxThreads: 2 }));
    await requestStore.run('of the first caller', () => pool.run(readStores, []));
    const seen = await Promise.all(Array.from({ length: 10 }, () => pool.run(readStores, [])));
    expect(seen).toEqual(Array.from({ length: 10 }, () => ({ request: undefined, trace: undefined, private: undefined })));
    await pool.close();
  });

  it('shows that context to no other caller’s progress listener', async () => {
    const pool = privateStore.run('of the creator', () => createPool({ maxThreads: 1 }));
    await privateStore.run('of the first caller', () => pool.run(readStores, []));
    const heard: unknown[] = [];
    await pool.run(readStoresInProgress, [], { onProgress: () => heard.push(privateStore.getStore()) });
    expect(heard).toEqual([undefined]);
    await pool.close();
  });
});

it('the detector of these tests detects: a timer keeps the context it was set in', async () => {
  let timer: NodeJS.Timeout | undefined;
  expect(await isCollected(async () => { timer = setInterval(() => undefined, 60_000); })).toBe(false);
  clearInterval(timer);
});
