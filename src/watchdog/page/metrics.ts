import { LAG_BUCKETS, type SharedState } from '../protocol/shared-state.ts';
import type { PoolMetrics } from '../../shared/pool-stats.ts';
import { kindNames, type StallKind } from '../stall-kinds.ts';
import type { ReportData, Stall } from '../types.ts';

/** Stalls since the start, by kind. The ranking drops rare causes, but a counter must never fall. */
export class StallCounters {
  readonly #kinds = new Map<StallKind, { count: number; seconds: number }>();

  add({ kind, duration }: Stall): void {
    const { count, seconds } = this.#kinds.get(kind) ?? { count: 0, seconds: 0 };
    this.#kinds.set(kind, { count: count + 1, seconds: seconds + duration / 1000 });
  }

  *[Symbol.iterator](): Iterator<[StallKind, { count: number; seconds: number }]> {
    for (const kind of kindNames) yield [kind, this.#kinds.get(kind) ?? { count: 0, seconds: 0 }];
  }
}

/**
 * Prometheus's text format.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function metricsText(sharedState: SharedState, counters: StallCounters, pools: readonly PoolMetrics[], stuckMs: number, capture: ReportData['capture']): string {
  return [
    ...histogram(sharedState),
    ...metric('offloop_eventloop_stuck_seconds', 'gauge', 'How long the event loop has been stuck; 0 while it turns.', [['', stuckMs / 1000]]),
    ...metric('offloop_stalls_total', 'counter', 'Stalls of the event loop, by kind.', [...counters].map(([kind, { count }]) => [labels({ kind }), count])),
    ...metric('offloop_blocked_seconds_total', 'counter', 'Time the event loop was stuck, by kind.', [...counters].map(([kind, { seconds }]) => [labels({ kind }), seconds])),
    ...metric('offloop_watchdog_live', 'gauge', 'Whether stacks can be captured.', [['', capture.mode === 'live' ? 1 : 0]]),
    ...poolMetrics(pools),
    '',
  ].join('\n');
}

function histogram(sharedState: SharedState): string[] {
  const name = 'offloop_eventloop_lag_seconds';
  let sum = 0;
  const buckets = [...sharedState.lagCounts].map((count, i) => `${name}_bucket${labels({ le: i < LAG_BUCKETS.length ? String(LAG_BUCKETS[i]! / 1000) : '+Inf' })} ${(sum += count)}`);
  return [
    `# HELP ${name} How late the heartbeat of the event loop came.`,
    `# TYPE ${name} histogram`,
    ...buckets,
    `${name}_sum ${sharedState.get('lagSum') / 1000}`,
    `${name}_count ${sum}`,
  ];
}

type Samples = readonly (readonly [labels: string, value: number])[];

function poolMetrics(pools: readonly PoolMetrics[]): string[] {
  if (pools.length === 0) return [];
  const names = uniqueNames(pools);
  const each = (read: (pool: PoolMetrics) => number): Samples => pools.map((pool, i) => [labels({ pool: names[i]! }), read(pool)]);
  /** A figure that is not known has no sample. */
  const perTask = (read: (task: PoolMetrics['tasks'][string]) => number | undefined): Samples =>
    pools.flatMap((pool, i) => Object.entries(pool.tasks).flatMap(([task, figures]) => {
      const value = read(figures);
      return value === undefined ? [] : [[labels({ pool: names[i]!, task }), value] as const];
    }));
  return [
    ...metric('offloop_pool_waiting', 'gauge', 'Calls that wait for a worker.', each(({ queue }) => queue.waiting)),
    ...metric('offloop_pool_workers_busy', 'gauge', 'Workers that run tasks.', each(({ workers }) => workers.busy)),
    ...metric('offloop_pool_workers_idle', 'gauge', 'Workers without a task.', each(({ workers }) => workers.idle)),
    ...metric('offloop_pool_workers_max', 'gauge', 'Workers that there may be.', each(({ workers }) => workers.max)),
    ...metric('offloop_pool_workers_crashed_total', 'counter', 'Workers that ended by themselves.', each(({ workers }) => workers.crashed)),
    ...metric('offloop_pool_workers_replaced_total', 'counter', 'Workers that the pool replaced.', each(({ workers }) => workers.replaced)),
    ...metric('offloop_task_calls_total', 'counter', 'Calls that have settled.', perTask(({ count }) => count)),
    ...metric('offloop_task_failed_total', 'counter', 'Calls that were rejected.', perTask(({ failed }) => failed)),
    ...metric('offloop_task_cpu_seconds_total', 'counter', 'CPU time of the calls in their workers.', perTask(({ cpu }) => cpu && cpu / 1000)),
    ...metric('offloop_task_run_p50_seconds', 'gauge', 'Median time in the function.', perTask(({ run }) => run.p50 / 1000)),
    ...metric('offloop_task_run_p99_seconds', 'gauge', '99th percentile of the time in the function.', perTask(({ run }) => run.p99 / 1000)),
  ];
}

/** Two pools may have the same name, but two series may not. */
function uniqueNames(pools: readonly PoolMetrics[]): string[] {
  const taken = new Set(pools.map(({ name }) => name));
  const seen = new Set<string>();
  return pools.map(({ name }) => {
    let unique = name;
    for (let n = 2; seen.has(unique) || (unique !== name && taken.has(unique)); n++) unique = `${name} (${n})`;
    seen.add(unique);
    return unique;
  });
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: Samples): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([tags, value]) => `${name}${tags} ${value}`)];
}

function labels(pairs: Record<string, string>): string {
  return `{${Object.entries(pairs).map(([name, value]) => `${name}="${escape(value)}"`).join(',')}}`;
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
