import type { CreateHistogramOptions, RecordableHistogram } from 'node:perf_hooks';

import { perfHooks } from '../../node/builtins.ts';
import { withPlainPrototype } from '../../node/plain-prototype.ts';
import type { PoolStats, Spread, TaskStats } from '../../shared/pool-stats.ts';
import type { TaskAddress } from '../../wire/messages/run.ts';
import { RunEstimate } from './estimate.ts';

export type { PoolStats, Spread, TaskStats };

/** Timings kept before they go into the histograms. */
const BUFFERED = 128;
const KINDS = 3;

/**
 * One task's figures. A histogram takes its time, and whoever waits for the result would wait for it too: so timings are
 * written down at once and counted by the hundred. Two significant digits are plenty, and keep a histogram small.
 */
export class TaskTimings {
  readonly name: string;
  readonly module: string;
  count = 0;
  failed = 0;
  progressDropped = 0;
  readonly estimate = new RunEstimate();
  readonly #histograms = [microseconds(), microseconds(), microseconds()] as const;
  readonly #buffer = new Float64Array(BUFFERED * KINDS);
  #buffered = 0;

  constructor(name: string, module: string) {
    this.name = name;
    this.module = module;
  }

  record(waitMs: number, runMs: number, overheadMs: number): void {
    this.estimate.add(runMs);
    this.#buffer[this.#buffered++] = waitMs;
    this.#buffer[this.#buffered++] = runMs;
    this.#buffer[this.#buffered++] = overheadMs;
    if (this.#buffered === this.#buffer.length) this.#count();
  }

  /** How many of its calls were answered. */
  get runs(): number {
    this.#count();
    return this.#histograms[0].count;
  }

  /** @param sharing how many tasks share a hop; undefined where there is none */
  stats(sharing: number | undefined): TaskStats {
    const { module, count, failed, progressDropped, runs } = this;
    const [wait, run, overhead] = this.#histograms.map(spread) as [Spread, Spread, Spread];
    const isSmall = sharing !== undefined && runs >= MIN_RUNS && isTooSmall(run, overhead, sharing);
    return { module, count, failed, progressDropped, wait, run, overhead, ...(isSmall && { note: 'too small to offload' }) };
  }

  #count(): void {
    for (let i = 0; i < this.#buffered; i++) add(this.#histograms[i % KINDS]!, this.#buffer[i]!);
    this.#buffered = 0;
  }
}

/** All tasks of one pool. */
export class PoolTimings {
  readonly #tasks = new Map<string, TaskTimings>();
  /** The same, found faster: a module that was evaluated again has another record for its task. */
  readonly #byRecord = new WeakMap<TaskAddress, TaskTimings>();

  of(record: TaskAddress): TaskTimings {
    return this.#byRecord.get(record) ?? this.#find(record);
  }

  #find(record: TaskAddress): TaskTimings {
    const { module, name } = record;
    const key = `${module}#${name}`;
    let figures = this.#tasks.get(key);
    if (figures === undefined) this.#tasks.set(key, (figures = new TaskTimings(name, module)));
    this.#byRecord.set(record, figures);
    return figures;
  }

  /** @param messages what the tasks were sent in; undefined where they are sent nowhere */
  stats(messages: number | undefined): Record<string, TaskStats> {
    const names = new Set<string>();
    const sharing = messages === undefined ? undefined : Math.max(1, this.#runs / Math.max(1, messages));
    return Object.fromEntries(
      [...this.#tasks.values()].map((figures) => {
        const key = names.has(figures.name) ? `${figures.name} (${figures.module})` : figures.name;
        names.add(figures.name);
        return [key, figures.stats(sharing)];
      }),
    );
  }

  get #runs(): number {
    return [...this.#tasks.values()].reduce((sum, { runs }) => sum + runs, 0);
  }
}

/** Before that, a median says little. */
const MIN_RUNS = 20;

/** In ms. One that takes longer has waited for the event loop, and would be longer still if the task ran there. */
const LONGEST_HOP = 0.25;

/** In ms: what the Long Tasks API (https://www.w3.org/TR/longtasks-1/) takes for long enough to be felt. */
const LONG_RUN = 50;

/** A task that is mostly short and now and then long is offloaded for the sake of the long runs. */
function isTooSmall(run: Spread, overhead: Spread, sharing: number): boolean {
  return run.max < LONG_RUN && run.p50 < Math.min(overhead.p50, LONGEST_HOP) / sharing;
}

const HOUR_IN_MICROSECONDS = 3.6e9;

function microseconds(): RecordableHistogram {
  const options = { __proto__: null, lowest: 1, highest: HOUR_IN_MICROSECONDS, figures: 2 } as CreateHistogramOptions;
  // Node 20 defines properties on it, and would take a `get` of everybody's for a part of them.
  return withPlainPrototype(() => perfHooks().createHistogram(options));
}

function add(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.min(HOUR_IN_MICROSECONDS, Math.max(1, Math.round(ms * 1000))));
}

function spread(histogram: RecordableHistogram): Spread {
  if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
  return { p50: histogram.percentile(50) / 1000, p99: histogram.percentile(99) / 1000, max: histogram.max / 1000 };
}
