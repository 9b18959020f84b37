import { createHash } from 'node:crypto';
import { createHistogram, type CreateHistogramOptions, type RecordableHistogram } from 'node:perf_hooks';

import { shownStack } from './stack.ts';
import { brief, roundMs } from './unseen-stall.ts';
import type { Offender, ReportData, Stall } from '../types.ts';

/** How many causes are kept apart. The histogram of each takes about 20 KB. */
const MAX_OFFENDERS = 100;
const MAX_REQUESTS = 1000;
const MAX_TIMELINE = 1000;
/** How many of the other causes are remembered by their sum. */
const MAX_DROPPED = 1000;
const DAY_MS = 86_400_000;

/** Adds up the stalls of each cause, in bounded memory however long the process runs. */
export class Ranking {
  readonly #offenders = new Map<string, Tally>();
  /** The histogram of the cause that was dropped last, to be used again: histograms lie outside of the heap, and the garbage collector does not see their size. */
  #spare: RecordableHistogram | undefined;
  readonly #timeline: { startedAt: number; duration: number; key: string }[] = [];
  #stalls = 0;
  #blockedMs = 0;
  /** Causes that were dropped and may come back, the latest last. */
  readonly #dropped = new Map<string, Sum>();
  #others: Sum = { count: 0, totalMs: 0 };

  add(stall: Stall): void {
    const key = causeOf(stall);
    this.#stalls += 1;
    this.#blockedMs += stall.duration;
    this.#timeline.push({ startedAt: stall.startedAt, duration: stall.duration, key });
    if (this.#timeline.length > MAX_TIMELINE) this.#timeline.shift();
    let tally = this.#offenders.get(key);
    if (tally === undefined) this.#offenders.set(key, (tally = new Tally(stall, this.#histogram(), this.#resume(key))));
    tally.add(stall);
    if (this.#offenders.size > MAX_OFFENDERS) this.#dropLeast(key);
  }

  toJSON(): Pick<ReportData, 'stalls' | 'blockedMs' | 'offenders' | 'others' | 'timeline'> {
    const ranked = [...this.#offenders].sort(([, a], [, b]) => b.totalMs - a.totalMs);
    const index = new Map(ranked.map(([key], at) => [key, at]));
    return {
      ...{ stalls: this.#stalls, blockedMs: roundMs(this.#blockedMs), others: { ...this.#others } },
      offenders: ranked.map(([, tally]) => tally.toJSON(this.#blockedMs)),
      timeline: this.#timeline.map(({ startedAt, duration, key }) => ({ startedAt, duration, offender: index.get(key) ?? -1 })),
    };
  }

  #histogram(): RecordableHistogram {
    const histogram = this.#spare ?? createHistogram({ __proto__: null, lowest: 1, highest: DAY_MS, figures: 2 } as CreateHistogramOptions);
    this.#spare = undefined;
    histogram.reset();
    return histogram;
  }

  /** A dropped cause that comes back continues with its sum: starting again at 0, it could never rise. */
  #resume(key: string): Sum | undefined {
    const before = this.#dropped.get(key);
    if (before === undefined) return undefined;
    this.#dropped.delete(key);
    this.#others = { count: this.#others.count - before.count, totalMs: roundMs(this.#others.totalMs - before.totalMs) };
    return before;
  }

  #dropLeast(newcomer: string): void {
    let least: [string, Tally] | undefined;
    for (const entry of this.#offenders) {
      if (entry[0] !== newcomer && (least === undefined || entry[1].totalMs < least[1].totalMs)) least = entry;
    }
    if (least === undefined) return;
    const [key, { count, totalMs, durations }] = least;
    this.#offenders.delete(key);
    this.#spare = durations;
    this.#dropped.set(key, { count, totalMs });
    if (this.#dropped.size > MAX_DROPPED) this.#dropped.delete(this.#dropped.keys().next().value!);
    this.#others = { count: this.#others.count + count, totalMs: roundMs(this.#others.totalMs + totalMs) };
  }
}

interface Sum {
  readonly count: number;
  readonly totalMs: number;
}

/** The key of a cause: the function, not the line, since a loop is found in another line each time. */
function causeOf({ kind, boundary, culprit, task }: Stall): string {
  const frame = boundary ?? culprit;
  return JSON.stringify([kind, frame?.file, frame?.function, frame?.function === '(anonymous)' ? frame.line : 0, task]);
}

class Tally {
  count: number;
  totalMs: number;
  readonly #requests = new Set<string>();
  readonly durations: RecordableHistogram;
  readonly #firstSeen: number;
  #lastSeen: number;
  #worst: Stall;

  /** @param durations an empty histogram */
  constructor(first: Stall, durations: RecordableHistogram, before: Sum = { count: 0, totalMs: 0 }) {
    this.durations = durations;
    this.count = before.count;
    this.totalMs = before.totalMs;
    this.#firstSeen = this.#lastSeen = first.startedAt;
    this.#worst = brief(first);
  }

  add(stall: Stall): void {
    this.count += 1;
    this.totalMs += stall.duration;
    this.#lastSeen = stall.startedAt;
    this.durations.record(Math.min(DAY_MS, Math.max(1, Math.round(stall.duration))));
    if (stall.duration > this.#worst.duration) this.#worst = brief(stall);
    if (this.#requests.size < MAX_REQUESTS && Object.keys(stall.context).length > 0) this.#requests.add(digest(stall.context));
  }

  toJSON(blockedMs: number): Offender {
    const { kind, confidence, culprit, boundary, task, call, advice, context, samples, duration } = this.#worst;
    return {
      ...{ kind, confidence, advice, context },
      ...(culprit !== undefined && { culprit }),
      ...(boundary !== undefined && { boundary }),
      ...(task !== undefined && { task }),
      ...(call !== undefined && { call }),
      ...{ count: this.count, totalMs: roundMs(this.totalMs), p50: Math.min(this.durations.percentile(50), duration), max: duration },
      ...{ share: blockedMs === 0 ? 0 : this.totalMs / blockedMs, requests: this.#requests.size },
      ...{ stack: shownStack(samples.at(-1) ?? []), firstSeen: this.#firstSeen, lastSeen: this.#lastSeen },
    };
  }
}

/** Stands for a context, which may take some KB. */
function digest(context: Record<string, unknown>): string {
  return createHash('sha1').update(JSON.stringify(context)).digest('base64');
}
