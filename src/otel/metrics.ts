import type { Attributes, BatchObservableResult, Meter } from '@opentelemetry/api';

import { observed } from '../shared/introspection.ts';
import type { PoolMetrics } from '../shared/pool-stats.ts';
import type { Pool } from '../pool/types.ts';

export interface CallMetrics {
  record(attributes: Attributes, times: CallTimes, errorType: string | undefined): void;
}

/** In ms; undefined for a part that a call did not have. */
export interface CallTimes {
  readonly totalMs: number;
  readonly waitMs: number | undefined;
  readonly runMs: number | undefined;
  readonly cpuMs: number | undefined;
}

/** In seconds: the boundaries that the semantic conventions advise for durations, and shorter ones, since a hop is short. */
const explicitBucketBoundaries = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Named after the pool metrics of https://opentelemetry.io/docs/specs/semconv/database/database-metrics/: there are none for worker pools. */
export function callMetrics(meter: Meter): CallMetrics {
  const options = { unit: 's', advice: { explicitBucketBoundaries } };
  const total = meter.createHistogram('offloop.call.duration', { ...options, description: 'Time from the call of a task until it has settled.' });
  const wait = meter.createHistogram('offloop.task.wait_time', { ...options, description: 'Time from the call of a task until its turn.' });
  const duration = meter.createHistogram('offloop.task.duration', { ...options, description: 'Time in the function of a task.' });
  const cpu = meter.createHistogram('offloop.task.cpu_time', { ...options, description: 'CPU time of a call in its worker.' });
  return {
    record(attributes, { totalMs, waitMs, runMs, cpuMs }, errorType) {
      const withError = errorType === undefined ? attributes : { ...attributes, 'error.type': errorType };
      total.record(totalMs / 1000, withError);
      if (waitMs !== undefined) wait.record(waitMs / 1000, attributes);
      if (cpuMs !== undefined) cpu.record(cpuMs / 1000, withError);
      if (runMs !== undefined) duration.record(runMs / 1000, withError);
    },
  };
}

/** @returns a function that ends the observation */
export function observePools(meter: Meter, pool: Pool | 'all'): () => void {
  const level = (name: string, unit: string, description: string) => meter.createObservableUpDownCounter(name, { unit, description });
  const count = (name: string, description: string) => meter.createObservableCounter(name, { unit: '{worker}', description });
  const size = level('offloop.queue.size', '{task}', 'Calls that wait for a worker.');
  const queueMax = level('offloop.queue.max', '{task}', 'How many calls may wait.');
  const workers = level('offloop.worker.count', '{worker}', 'Workers, by whether they run a task.');
  const workersMax = level('offloop.worker.max', '{worker}', 'The most workers at a time.');
  const started = count('offloop.worker.started', 'Workers that were started.');
  const crashed = count('offloop.worker.crashed', 'Workers that ended by themselves.');
  const replaced = count('offloop.worker.replaced', 'Workers that the pool has replaced.');

  const observe = (result: BatchObservableResult): void => {
    for (const [name, poolMetrics] of metricsOf(pool)) {
      const attributes = { 'offloop.pool.name': name };
      result.observe(size, sum(poolMetrics, ({ queue }) => queue.waiting), attributes);
      result.observe(queueMax, sum(poolMetrics, ({ queue }) => queue.max), attributes);
      for (const state of ['busy', 'idle'] as const) {
        result.observe(workers, sum(poolMetrics, (one) => one.workers[state]), { ...attributes, 'offloop.worker.state': state });
      }
      result.observe(workersMax, sum(poolMetrics, (one) => one.workers.max), attributes);
      result.observe(started, sum(poolMetrics, (one) => one.workers.started), attributes);
      result.observe(crashed, sum(poolMetrics, (one) => one.workers.crashed), attributes);
      result.observe(replaced, sum(poolMetrics, (one) => one.workers.replaced), attributes);
    }
  };
  const instruments = [size, queueMax, workers, workersMax, started, crashed, replaced];
  meter.addBatchObservableCallback(observe, instruments);
  return () => { meter.removeBatchObservableCallback(observe, instruments); };
}

/** The pools' metrics by name, since metrics do not tell pools of one name apart. */
function metricsOf(pool: Pool | 'all'): Map<string, PoolMetrics[]> {
  const byName = new Map<string, PoolMetrics[]>();
  for (const one of pool === 'all' ? observed.pools : [pool]) {
    const stats = one.stats();
    byName.set(stats.name, [...(byName.get(stats.name) ?? []), stats]);
  }
  return byName;
}

function sum(all: readonly PoolMetrics[], of: (one: PoolMetrics) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
