import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

import { RunEstimate } from './coalesce.ts';

/** Milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface TaskStats {
  /** The `file:` URL of the task's module. */
  readonly module: string;
  /** Calls that have settled. */
  readonly count: number;
  /** Of these, how many rejected. */
  readonly failed: number;
  /** From the call until its turn had come. */
  readonly wait: Spread;
  /** In the task's function. */
  readonly run: Spread;
  /** What the hop itself cost: cloning, messages, waking up. */
  readonly overhead: Spread;
}

export interface PoolStats {
  readonly name: string;
  readonly state: 'running' | 'closing' | 'closed';
  readonly queue: { readonly waiting: number; readonly max: number };
  readonly workers: {
    readonly busy: number;
    readonly idle: number;
    readonly max: number;
    /** Since the pool was created. */
    readonly started: number;
    /** Ended by themselves: an exit, an uncaught exception, out of memory, a signal. */
    readonly crashed: number;
    /** Replaced by the pool: after `abortGrace`, by `isolate`, `maxTasksPerWorker` or `maxMemoryBeforeRecycle`. */
    readonly replaced: number;
    /** What the tasks were sent in: fewer than tasks where short ones shared a message. */
    readonly messages: number;
  };
  /** By task name; where two modules have a task of one name, the later one is `name (module)`. */
  readonly tasks: Readonly<Record<string, TaskStats>>;
}

/** Timings kept before they go into the histograms. */
const BUFFERED = 128;
const KINDS = 3;

/**
 * One task's figures. A histogram takes its time, and whoever waits for the result would wait for it too: so timings are
 * written down at once and counted by the hundred. Two significant digits are plenty, and keep a histogram small.
 */
class TaskFigures {
  readonly name: string;
  readonly module: string;
  count = 0;
  failed = 0;
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

  toJSON(): TaskStats {
    this.#count();
    const { module, count, failed } = this;
    const [wait, run, overhead] = this.#histograms;
    return { module, count, failed, wait: spread(wait), run: spread(run), overhead: spread(overhead) };
  }

  #count(): void {
    for (let i = 0; i < this.#buffered; i++) add(this.#histograms[i % KINDS]!, this.#buffer[i]!);
    this.#buffered = 0;
  }
}

/** All tasks of one pool. */
export class Figures {
  readonly #tasks = new Map<string, TaskFigures>();

  of({ module, name }: { module: string; name: string }): TaskFigures {
    const key = `${module}#${name}`;
    let figures = this.#tasks.get(key);
    if (figures === undefined) this.#tasks.set(key, (figures = new TaskFigures(name, module)));
    return figures;
  }

  toJSON(): Record<string, TaskStats> {
    const names = new Set<string>();
    return Object.fromEntries(
      [...this.#tasks.values()].map((figures) => {
        const key = names.has(figures.name) ? `${figures.name} (${figures.module})` : figures.name;
        names.add(figures.name);
        return [key, figures.toJSON()];
      }),
    );
  }
}

const HOUR_IN_MICROSECONDS = 3.6e9;

function microseconds(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: HOUR_IN_MICROSECONDS, figures: 2 });
}

function add(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.min(HOUR_IN_MICROSECONDS, Math.max(1, Math.round(ms * 1000))));
}

function spread(histogram: RecordableHistogram): Spread {
  if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
  return { p50: histogram.percentile(50) / 1000, p99: histogram.percentile(99) / 1000, max: histogram.max / 1000 };
}
