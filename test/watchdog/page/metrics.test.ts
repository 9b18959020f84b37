import { describe, expect, it } from 'vitest';

import type { PoolMetrics } from '../../../src/shared/pool-stats.ts';
import { SharedState } from '../../../src/watchdog/protocol/shared-state.ts';
import { metricsText, StallCounters } from '../../../src/watchdog/page/metrics.ts';
import type { Capture } from '../../../src/watchdog/types.ts';
import { parseMetrics } from './prometheus.ts';
import { stallIn } from '../simulated-stalls.ts';

const live: Capture = { mode: 'live' };
const pool = (name: string, more: Partial<PoolMetrics> = {}): PoolMetrics => ({
  name,
  ...{ queue: { waiting: 3, max: 10 }, workers: { busy: 1, idle: 2, max: 4, started: 5, crashed: 6, replaced: 7 } },
  tasks: { hash: { count: 8, failed: 1, cpu: 1500, run: { p50: 2.5, p99: 40 } } },
  ...more,
});
const metrics = (over: { sharedState?: SharedState; counters?: StallCounters; pools?: PoolMetrics[]; stuckMs?: number; capture?: Capture } = {}): ReturnType<typeof parseMetrics> => {
  const { sharedState = new SharedState(), counters = new StallCounters(), pools = [], stuckMs = 0, capture = live } = over;
  return parseMetrics(metricsText(sharedState, counters, pools, stuckMs, capture));
};

describe('the metrics', () => {
  it('are there before anything has happened', () => {
    expect([...metrics()].map(([name, { type, samples }]) => [name, type, samples.length])).toEqual([
      ['offloop_eventloop_lag_seconds', 'histogram', 15],
      ['offloop_eventloop_stuck_seconds', 'gauge', 1],
      ['offloop_stalls_total', 'counter', 6],
      ['offloop_blocked_seconds_total', 'counter', 6],
      ['offloop_watchdog_live', 'gauge', 1],
    ]);
    for (const { samples } of metrics().values()) for (const { name, value } of samples) expect(value).toBe(name === 'offloop_watchdog_live' ? 1 : 0);
  });

  it('have the lag in cumulative buckets, in seconds', () => {
    const sharedState = new SharedState();
    for (const ms of [0.5, 2, 2, 80, 20_000]) sharedState.recordLag(ms);
    const { samples } = metrics({ sharedState }).get('offloop_eventloop_lag_seconds')!;
    const buckets = Object.fromEntries(samples.filter(({ labels }) => 'le' in labels).map(({ labels, value }) => [labels.le, value]));
    expect(buckets).toEqual({ '0.001': 1, '0.005': 3, '0.01': 3, '0.025': 3, '0.05': 3, '0.1': 4, '0.25': 4, '0.5': 4, '1': 4, '2.5': 4, '5': 4, '10': 4, '+Inf': 5 });
    expect(samples.slice(-2).map(({ value }) => value)).toEqual([20.0845, 5]);
  });

  it('count stalls and blocked seconds by kind', () => {
    const counters = new StallCounters();
    counters.add(stallIn('f', { duration: 250 }));
    counters.add(stallIn('g', { duration: 500 }));
    counters.add(stallIn('h', { duration: 1000, kind: 'blocking-io' }));
    const all = metrics({ counters });
    const byKind = (name: string): object => Object.fromEntries(all.get(name)!.samples.map(({ labels, value }) => [labels.kind, value]));
    const none = { native: 0, gc: 0, starved: 0, suspended: 0 };
    expect(byKind('offloop_stalls_total')).toEqual({ ...none, 'javascript': 2, 'blocking-io': 1 });
    expect(byKind('offloop_blocked_seconds_total')).toEqual({ ...none, 'javascript': 0.75, 'blocking-io': 1 });
  });

  it('tell how long the event loop has been stuck, and whether stacks can be captured', () => {
    const all = metrics({ stuckMs: 1500, capture: { mode: 'lag-only' } });
    expect(all.get('offloop_eventloop_stuck_seconds')!.samples[0]!.value).toBe(1.5);
    expect(all.get('offloop_watchdog_live')!.samples[0]!.value).toBe(0);
  });
});

describe('the pools’ figures', () => {
  it('are given for each pool, and for each task in seconds', () => {
    const all = metrics({ pools: [pool('default')] });
    const first = (name: string): unknown => all.get(name)?.samples[0];
    expect(first('offloop_pool_waiting')).toMatchObject({ labels: { pool: 'default' }, value: 3 });
    expect(['busy', 'idle', 'max', 'crashed_total', 'replaced_total'].map((figure) => all.get(`offloop_pool_workers_${figure}`)!.samples[0]!.value)).toEqual([1, 2, 4, 6, 7]);
    expect(first('offloop_task_calls_total')).toMatchObject({ labels: { pool: 'default', task: 'hash' }, value: 8 });
    expect(first('offloop_task_failed_total')).toMatchObject({ value: 1 });
    expect(first('offloop_task_cpu_seconds_total')).toMatchObject({ labels: { pool: 'default', task: 'hash' }, value: 1.5 });
    expect(first('offloop_task_run_p50_seconds')).toMatchObject({ value: 0.0025 });
    expect(first('offloop_task_run_p99_seconds')).toMatchObject({ value: 0.04 });
  });

  it('keep pools of one name apart', () => {
    const all = metrics({ pools: [pool('a'), pool('b'), pool('a'), pool('a')] });
    expect(all.get('offloop_pool_waiting')!.samples.map(({ labels }) => labels.pool)).toEqual(['a', 'b', 'a (2)', 'a (3)']);
  });

  it('keep a pool apart whose name is the new name of another pool', () => {
    expect(metrics({ pools: [pool('a'), pool('a (2)'), pool('a')] }).get('offloop_pool_waiting')!.samples).toHaveLength(3);
  });

  it('survive any name', () => {
    const name = 'back\\slash "quote"\nline } # {a="b"} ünï';
    const all = metrics({ pools: [pool(name, { tasks: { [name]: { count: 1, failed: 0, cpu: undefined, run: { p50: 0, p99: 0 } } } })] });
    expect(all.get('offloop_task_cpu_seconds_total')!.samples).toEqual([]);
    expect(all.get('offloop_task_calls_total')!.samples[0]!.labels).toEqual({ pool: name, task: name });
  });

  it('include a pool without tasks', () => {
    const all = metrics({ pools: [pool('new', { tasks: {} })] });
    expect([all.get('offloop_pool_waiting')!.samples.length, all.get('offloop_task_calls_total')?.samples.length]).toEqual([1, 0]);
  });
});

describe('the check itself refuses', () => {
  const good = '# HELP a_b Words.\n# TYPE a_b counter\na_b{x="1"} 1\n';

  it.each([
    ['a missing line feed', good.trimEnd()],
    ['a sample without TYPE', '# HELP a_b Words.\na_b 1\n'],
    ['a sample without HELP', 'a_b 1\n'],
    ['a metric twice', `${good}${good}`],
    ['a series twice', `${good}a_b{x="1"} 2\n`],
    ['a sample of another metric', `${good}a_c 2\n`],
    ['an unescaped quote', good.replace('"1"', '"1"1"')],
    ['an undefined value', `${good}a_b undefined\n`],
    ['an empty line', `${good}\n`],
    ['buckets that fall', '# HELP h Words.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'],
    ['a count that is not +Inf', '# HELP h Words.\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n'],
  ])('%s', (_what, text) => {
    expect(parseMetrics(good).size).toBe(1);
    expect(() => parseMetrics(text)).toThrow();
  });
});
