import type { CreateHistogramOptions, RecordableHistogram } from 'node:perf_hooks';

import { perfHooks } from '../../node/builtins.ts';
import { withPlainPrototype } from '../../node/plain-prototype.ts';
import type { PoolStats, Spread, TaskStats } from '../../shared/pool-stats.ts';
import type { TaskAddress } from '../../wire/messages/requests.ts';
import { TaskCpu } from '../cpu/account.ts';
import type { Learned, Timings } from '../learned/learned.ts';

export type { PoolStats, Spread, TaskStats };

/** How many calls' timings are buffered before they go into the histograms. */
const BUFFERED_CALLS = 128;
const TIMINGS_PER_CALL = 3;

/**
 * The timings of one task. Recording into a histogram takes time, and callers would wait for that, too: so timings are
 * buffered, and recorded 128 calls at a time. Two significant digits are enough, and keep a histogram small.
 */
export class TaskTimings implements Timings {
  readonly name: string;
  readonly module: string;
  count = 0;
  failed = 0;
  progressDropped = 0;
  readonly cpu = new TaskCpu();
  /** The knowledge that its last run has added to; undefined before the first run. */
  recent: Learned | undefined;
  /** By the class of the arguments. */
  readonly learned: (Learned | undefined)[] = [];
  readonly #histograms = [microseconds(), microseconds(), microseconds()] as const;
  readonly #buffer = new Float64Array(BUFFERED_CALLS * TIMINGS_PER_CALL);
  #buffered = 0;

  constructor(name: string, module: string) {
    this.name = name;
    this.module = module;
  }

  record(waitMs: number, runMs: number, overheadMs: number): void {
    this.#buffer[this.#buffered++] = waitMs;
    this.#buffer[this.#buffered++] = runMs;
    this.#buffer[this.#buffered++] = overheadMs;
    if (this.#buffered === this.#buffer.length) this.#flushBuffer();
  }

  /** How many calls have had a response. */
  get runs(): number {
    this.#flushBuffer();
    return this.#histograms[0].count;
  }

  /** @param callsPerMessage how many calls share a message on average; undefined where tasks run inline */
  stats(callsPerMessage: number | undefined): TaskStats {
    const { module, count, failed, progressDropped, runs, cpu: { cpuMs: cpu } } = this;
    const [wait, run, overhead] = this.#histograms.map(spread) as [Spread, Spread, Spread];
    const isSmall = callsPerMessage !== undefined && runs >= MIN_RUNS && isTooSmall(run, overhead, callsPerMessage);
    return { module, count, failed, progressDropped, cpu, wait, run, overhead, ...(isSmall && { note: 'too small to offload' }) };
  }

  #flushBuffer(): void {
    for (let i = 0; i < this.#buffered; i++) add(this.#histograms[i % TIMINGS_PER_CALL]!, this.#buffer[i]!);
    this.#buffered = 0;
  }
}

/** The timings of all tasks of one pool. */
export class PoolTimings {
  readonly #tasks = new Map<string, TaskTimings>();
  /** For a faster lookup. A module that was evaluated again has another record for the same task. */
  readonly #byRecord = new WeakMap<TaskAddress, TaskTimings>();

  of(record: TaskAddress): TaskTimings {
    return this.#byRecord.get(record) ?? this.#find(record);
  }

  #find(record: TaskAddress): TaskTimings {
    const { module, name } = record;
    const key = `${module}#${name}`;
    let timings = this.#tasks.get(key);
    if (timings === undefined) this.#tasks.set(key, (timings = new TaskTimings(name, module)));
    this.#byRecord.set(record, timings);
    return timings;
  }

  /** @param messages how many messages the calls were sent in; undefined where tasks run inline */
  stats(messages: number | undefined): Record<string, TaskStats> {
    const names = new Set<string>();
    const callsPerMessage = messages === undefined ? undefined : Math.max(1, this.#runs / Math.max(1, messages));
    return Object.fromEntries(
      [...this.#tasks.values()].map((timings) => {
        const key = names.has(timings.name) ? `${timings.name} (${timings.module})` : timings.name;
        names.add(timings.name);
        return [key, timings.stats(callsPerMessage)];
      }),
    );
  }

  get #runs(): number {
    return [...this.#tasks.values()].reduce((sum, { runs }) => sum + runs, 0);
  }
}

/** With fewer runs, a median says little. */
const MIN_RUNS = 20;

/** A hop that takes longer has waited for the event loop, and would wait even longer if the task ran there. */
const LONGEST_HOP_MS = 0.25;

/** The threshold of the Long Tasks API (https://www.w3.org/TR/longtasks-1/) for a delay that users notice. */
const LONG_RUN_MS = 50;

/** A task that is usually short and sometimes long is offloaded because of its long runs. */
function isTooSmall(run: Spread, overhead: Spread, callsPerMessage: number): boolean {
  return run.max < LONG_RUN_MS && run.p50 < Math.min(overhead.p50, LONGEST_HOP_MS) / callsPerMessage;
}

const HOUR_IN_MICROSECONDS = 3.6e9;

function microseconds(): RecordableHistogram {
  const options = { __proto__: null, lowest: 1, highest: HOUR_IN_MICROSECONDS, figures: 2 } as CreateHistogramOptions;
  // Node 20 defines properties on the histogram, and would read a `get` on Object.prototype as part of their descriptors.
  return withPlainPrototype(() => perfHooks().createHistogram(options));
}

function add(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.min(HOUR_IN_MICROSECONDS, Math.max(1, Math.round(ms * 1000))));
}

function spread(histogram: RecordableHistogram): Spread {
  if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
  return { p50: histogram.percentile(50) / 1000, p99: histogram.percentile(99) / 1000, max: histogram.max / 1000 };
}
