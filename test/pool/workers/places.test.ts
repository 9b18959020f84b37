import { expect, it } from 'vitest';

import { IdleWorkers } from '../../../src/pool/workers/idle.ts';
import { Places } from '../../../src/pool/workers/places.ts';
import type { PoolWorker } from '../../../src/pool/workers/pool-worker.ts';

it('only a worker that was started as a spare counts as one, and not an idle one that is still starting', () => {
  const workers = new Set<PoolWorker>();
  const start = (): PoolWorker => {
    const worker = { state: 'starting', loweredBy: 0, isSpare: false, becomeIdle: () => undefined } as unknown as PoolWorker;
    workers.add(worker);
    return worker;
  };
  const idle = new IdleWorkers({ idleTimeout: 1000, surplus: () => 0, end: () => undefined });
  // A place was taken back from the pool, since its workers did not get the CPU: one worker runs, and one is kept.
  const places = new Places(idle, { workers, capacity: { threads: 1 }, launcher: { canStart: () => true, isPutOff: false }, start });
  places.take(false);
  const kept = start();
  idle.push(kept);
  expect(places.takeSpare()).toBe(kept);
  expect([places.spares, places.sparesStarted]).toEqual([1, 0]);
  const started = places.takeSpare();
  expect([places.spares, places.sparesStarted]).toEqual([2, 1]);
  // The worker was given no call, and is taken again before it is ready.
  places.putBack(started!);
  expect(places.takeSpare()).toBe(started);
  expect([places.spares, places.sparesStarted]).toEqual([2, 1]);
  idle.stop();
});
