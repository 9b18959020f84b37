import fc from 'fast-check';
import type { PoolOptions } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { mostRunning } from '../fixtures/running.js';
import { play } from './model-play.ts';
import { behindAged, keys, lives, sequences } from './model-steps.ts';
import { Subject } from './model-subject.ts';

/*
 * Random programs against a model that knows the allowed responses of each call. `OFFLOOP_MODEL_RUNS=5000` plays that many
 * sequences, `OFFLOOP_MODEL_SEED` repeats an earlier run and shrinks a failure; `OFFLOOP_MODEL_PATH` plays only the failed sequence.
 */
const { OFFLOOP_MODEL_RUNS: runs = '40', OFFLOOP_MODEL_SEED: seed, OFFLOOP_MODEL_PATH: path } = process.env;

/** Each way has its share of the sequences. */
const total = Number(runs);
const parameters = (share: number): fc.Parameters<unknown> => ({
  numRuns: Math.ceil(total * share),
  // On real threads a sequence may fail only once, so that shrinking finds little and takes long.
  endOnFailure: seed === undefined,
  ...(seed !== undefined && { seed: Number(seed) }),
  ...(path !== undefined && { path }),
});
const timeout = 60_000 + 1000 * total;

const withSpares = { runtime: 'threads', maxThreads: 2, spareThreads: 2, agedAfter: 3 } as const;
const [byFunction, byStore] = keys;

const reused: [share: number, PoolOptions & { maxThreads: number }][] = [
  [0.25, { runtime: 'threads', maxThreads: 2 }],
  [0.1, { ...withSpares, fairBy: byStore!, billBy: byFunction! }],
  [0.1, { ...withSpares, spareThreads: 3, order: 'fifo' }],
  [0.05, { ...withSpares, maxThreads: 1, order: 'shortest-expected', coalesce: false, fairBy: byFunction! }],
  [0.15, { runtime: 'threads', maxThreads: 2, coalesce: false }],
  [0.03, { runtime: 'processes', maxThreads: 2 }],
  [0.17, { runtime: 'inline', maxThreads: 2 }],
];

describe.each(reused)('in %d of the random sequences, with %o,', (share, options) => {
  const { spareThreads = 0, maxThreads } = options;
  let subject: Subject | undefined;
  afterAll(() => subject?.end());

  it('every call has a response that the model allows, and the pool is whole again', async () => {
    let played = 0;
    const property = fc.asyncProperty(sequences({ isInline: options.runtime === 'inline', mayClose: false, mayAge: spareThreads > 0 }), async (steps) => {
      subject ??= new Subject(options);
      try {
        await play(subject, steps);
        played++;
      } catch (error) {
        // A sequence's leftovers are not the fault of the next sequence.
        void subject.end().catch(() => {});
        subject = undefined;
        throw error;
      }
    });
    await fc.assert(property, { ...parameters(share), ...(spareThreads > 0 && { examples: [[behindAged(maxThreads)]] }) });
    expect(played).toBeGreaterThan(0);
    if (spareThreads > 0 && path === undefined) expect(mostRunning(), 'no spare has run').toBeGreaterThan(maxThreads);
  }, timeout);
});

describe.each([[0.1, 'threads'], [0.01, 'processes'], [0.04, 'inline']] as const)('in %d of the random sequences, each with a pool of its own on %s,', (share, runtime) => {
  it('every call has a response that the model allows, and the pool closes', async () => {
    const property = fc.asyncProperty(lives, sequences({ isInline: runtime === 'inline', mayClose: true, mayAge: true }), async (options, steps) => {
      const subject = new Subject({ ...options, runtime });
      try {
        await play(subject, steps);
      } finally {
        await subject.end();
      }
    });
    await fc.assert(property, parameters(share));
  }, timeout);
});
