import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, it, onTestFailed } from 'vitest';

import { script } from '../pool/helpers.ts';

/** How long the calls come in; set OFFLOOP_TEST_OVERLOAD_SECONDS=30 for longer. */
const seconds = Number(process.env.OFFLOOP_TEST_OVERLOAD_SECONDS ?? 4);
const limit = seconds * 1000 + 60_000;

/** Stalls that are the machine's fault. */
const notOurs = ['starved', 'suspended'];

interface Sum {
  readonly finished: number;
  readonly refused: number;
  readonly expiredWaiting: number;
  /** Counted while calls came in. */
  readonly meanwhile: { readonly calls: number; readonly finished: number };
  readonly refusedAfterReady: number[];
  /** Memory in megabytes; `live` is the memory after a garbage collection. */
  readonly highest: { readonly queue: number; readonly heap: number; readonly live: number };
  readonly idle: number;
  readonly stalls: { readonly kind: string }[];
  readonly messages: number;
  /** How many tasks ran in the pool whose tasks may share messages. */
  readonly sharing: number;
}

let measured: Promise<Sum> | undefined;

/** The measurement is shared by all tests, and repeated for a test that has failed and is tried again. */
function summed(): Promise<Sum> {
  onTestFailed(() => { measured = undefined; });
  return (measured ??= overload());
}

async function overload(): Promise<Sum> {
  const args = ['--expose-gc', script('overload.js'), String(seconds)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: limit });
  expect(stderr).toBe('');
  const sum = JSON.parse(stdout) as Sum;
  if (process.env.OFFLOOP_TEST_OVERLOAD_SECONDS !== undefined) console.log(sum);
  return sum;
}

describe(`callers that outrun the workers by more than ten to one for ${String(seconds)} s`, { timeout: limit }, () => {
  it('are refused at once, or finish, or expire, and each call settles', async () => {
    const sum = await summed();
    const { finished, refused, expiredWaiting, meanwhile } = sum;
    expect(meanwhile.calls).toBeGreaterThan(10 * meanwhile.finished);
    expect(Math.min(finished, refused, expiredWaiting)).toBeGreaterThan(0);
    expect(sum).toMatchObject({ unsettled: 0, failed: 0, refusedLate: 0 });
  });

  it('see accepted calls run once, and refused or expired calls never', async () => {
    expect(await summed()).toMatchObject({ startedWrongly: 0, startedAfterExpiry: 0, wrongContext: 0 });
  });

  it('are not refused after they have waited for ready()', async () => {
    expect((await summed()).refusedAfterReady).toEqual([]);
  });

  it('take no more memory than `maxQueue` lets them', async () => {
    const { highest, idle } = await summed();
    // A few calls of a batch may come back into the queue.
    expect(highest.queue).toBeGreaterThanOrEqual(500);
    expect(highest.queue).toBeLessThan(510);
    // In megabytes: a thousand calls wait, each with a kilobyte and the pool's own records.
    expect(highest.live - idle).toBeLessThan(12);
  });

  it('leave the event loop free, and their short tasks share messages', async () => {
    const { stalls, messages, sharing } = await summed();
    expect(stalls.filter(({ kind }) => !notOurs.includes(kind))).toEqual([]);
    expect(messages).toBeLessThan(sharing / 2);
  });
});
