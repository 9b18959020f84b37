import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, it } from 'vitest';

import { script } from '../pool/helpers.ts';

/** How long the calls come in; OFFLOOP_TEST_OVERLOAD_SECONDS=30 for longer. */
const seconds = Number(process.env.OFFLOOP_TEST_OVERLOAD_SECONDS ?? 4);
const limit = seconds * 1000 + 60_000;

/** These are the machine's. */
const notOurs = ['starved', 'suspended'];

interface Sum {
  readonly finished: number;
  readonly refused: number;
  readonly expiredWaiting: number;
  /** During the time that calls came in. */
  readonly meanwhile: { readonly calls: number; readonly finished: number };
  readonly refusedAfterReady: number[];
  /** Memory in megabytes; `live` is what is left of it after a garbage collection. */
  readonly highest: { readonly queue: number; readonly heap: number; readonly live: number };
  readonly idle: number;
  readonly stalls: { readonly kind: string }[];
  readonly messages: number;
  /** How many tasks ran in the pool where they may share messages. */
  readonly sharing: number;
}

describe(`callers that outrun the workers by more than ten to one for ${String(seconds)} s`, () => {
  let sum: Sum;

  beforeAll(async () => {
    const args = ['--expose-gc', script('overload.js'), String(seconds)];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: limit });
    expect(stderr).toBe('');
    sum = JSON.parse(stdout) as Sum;
    if (process.env.OFFLOOP_TEST_OVERLOAD_SECONDS !== undefined) console.log(sum);
  }, limit);

  it('are refused at once, or finish, or expire: each call settles', () => {
    const { finished, refused, expiredWaiting, meanwhile } = sum;
    expect(meanwhile.calls).toBeGreaterThan(10 * meanwhile.finished);
    expect(Math.min(finished, refused, expiredWaiting)).toBeGreaterThan(0);
    expect(sum).toMatchObject({ unsettled: 0, failed: 0, refusedLate: 0 });
  });

  it('have what was accepted run once, and what was refused or has expired never', () => {
    expect(sum).toMatchObject({ startedWrongly: 0, startedAfterExpiry: 0, wrongContext: 0 });
  });

  it('are not refused after they have waited for ready()', () => {
    expect(sum.refusedAfterReady).toEqual([]);
  });

  it('take no more memory than `maxQueue` lets them', () => {
    const { highest, idle } = sum;
    // A few that were sent in one message may come back.
    expect(highest.queue).toBeGreaterThanOrEqual(500);
    expect(highest.queue).toBeLessThan(510);
    // In megabytes: a thousand wait, of a kilobyte and what the pool keeps of each.
    expect(highest.live - idle).toBeLessThan(12);
  });

  it('keep the event loop from nothing else, and let short tasks share messages', () => {
    expect(sum.stalls.filter(({ kind }) => !notOurs.includes(kind))).toEqual([]);
    expect(sum.messages).toBeLessThan(sum.sharing / 2);
  });
});
