import { describe, expect, it } from 'vitest';

import { Contention, type ThreadTimes } from '../../../src/pool/capacity/contention.ts';

/**
 * A machine on which each worker always wants a CPU, and which gives them together what `cpus` says; each of them gets the same.
 * @param cpus CPUs for the workers, by how many of them run, at an instant in s
 */
function machine(max: number, cpus: (workers: number, second: number) => number) {
  const times = Array.from({ length: max }, (_, id) => ({ id, ranMs: 0, waitedMs: 0 }));
  const contention = new Contention(max, (): ThreadTimes[] => times.slice(0, contention.threads).map((time) => ({ ...time })));
  const history: number[] = [];
  /** How many CPUs the workers had on average. */
  let had = 0;
  return {
    contention,
    history,
    get average() { return had / history.length; },
    run(seconds: number, load: { isQueueing?: boolean; spare?: number } = {}): void {
      for (let i = 0; i < seconds; i++) {
        const workers = contention.threads;
        const each = Math.min(1, cpus(workers, history.length) / workers);
        for (const time of times.slice(0, workers)) {
          time.ranMs += each * 1000;
          time.waitedMs += (1 - each) * 1000;
        }
        had += each * workers;
        history.push(workers);
        contention.look({ at: history.length * 1000, busy: workers - (load.spare ?? 0), isQueueing: load.isQueueing ?? true });
      }
    },
  };
}

describe('the number of threads', () => {
  it('stays on a quiet machine', () => {
    const quiet = machine(4, (workers) => workers);
    quiet.run(3600);
    expect(new Set(quiet.history)).toEqual(new Set([4]));
  });

  it.each([[1, 8], [2, 8], [3, 4]])('falls to a quota of %s CPUs that cannot be read, from %s, with no loss of CPU time', (quota, max) => {
    const limited = machine(max, (workers) => Math.min(workers, quota));
    limited.run(120);
    expect(limited.contention.threads).toBeLessThanOrEqual(Math.ceil(quota / 0.7));
    const settled = limited.history.length;
    limited.run(3600);
    const after = limited.history.slice(settled);
    expect(after.filter((threads) => threads > Math.ceil(quota / 0.7)).length).toBeLessThan(0.02 * after.length);
    expect(limited.average).toBeGreaterThan(0.995 * quota);
  });

  it('stays beside a noisy neighbour, which would get what the pool gives away', () => {
    // Four CPUs, and as many threads of another program as there are workers.
    const noisy = machine(4, (workers) => (4 * workers) / (workers + 4));
    noisy.run(3600);
    expect(noisy.history.filter((threads) => threads === 4).length).toBeGreaterThan(0.98 * noisy.history.length);
    expect(noisy.average).toBeGreaterThan(0.99 * 2);
  });

  it('rises again when there is CPU, and finds the largest number', () => {
    const changing = machine(8, (workers, second) => Math.min(workers, second < 300 ? 2 : 8));
    changing.run(300);
    expect(changing.contention.threads).toBeLessThanOrEqual(3);
    changing.run(600);
    expect(changing.contention.threads).toBe(8);
  });

  it('is never less than two', () => {
    const tiny = machine(4, (workers) => Math.min(workers, 0.1));
    tiny.run(600);
    expect(Math.min(...tiny.history)).toBe(2);
  });

  it('stays where a worker is idle or no call waits, whatever the figures say', () => {
    const limited = machine(4, (workers) => Math.min(workers, 1));
    limited.run(100, { isQueueing: false });
    limited.run(100, { spare: 1 });
    expect(new Set(limited.history)).toEqual(new Set([4]));
  });

  it.each([['ends', { isQueueing: false }, 1], ['comes with free workers for long', { spare: 1 }, 100]])('goes back where the load %s in the middle of a trial', (_what, load, seconds) => {
    const limited = machine(4, (workers) => Math.min(workers, 1));
    while (limited.contention.threads === 4) limited.run(1);
    limited.run(seconds, load);
    expect(limited.contention.threads).toBe(4);
    // The trial is made again, from new figures.
    limited.run(60);
    expect(limited.contention.threads).toBeLessThan(4);
  });

  it('is judged, also where the tasks of before a trial take a while to end', () => {
    const limited = machine(4, (workers) => Math.min(workers, 1));
    while (limited.contention.threads === 4) limited.run(1);
    limited.run(20, { spare: -1 });
    expect(limited.contention.threads).toBe(3);
    limited.run(3);
    expect(limited.contention.threads).toBeLessThanOrEqual(3);
  });

  it('stays where there are no figures', () => {
    const blind = new Contention(4, () => undefined);
    for (let at = 0; at < 100_000; at += 1000) expect(blind.look({ at, busy: 4, isQueueing: true })).toBe(false);
    expect(blind.threads).toBe(4);
  });

  it('is judged by no thread that was seen once only', () => {
    let id = 0;
    const contention = new Contention(3, () => [1, 2, 3].map(() => ({ id: ++id, ranMs: 1, waitedMs: 1e6 })));
    for (let at = 0; at < 100_000; at += 1000) contention.look({ at, busy: 3, isQueueing: true });
    expect(contention.threads).toBe(3);
  });
});
