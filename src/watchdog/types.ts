import type { StallKind } from './stall-kinds.ts';

/** One frame of a stack, mapped to its source where the process has source maps on. */
export interface Frame {
  /** As V8 names it: `validate`, `Object.parse`, `new Parser`; `(anonymous)` where it has no name. */
  readonly function: string;
  /** A path; a URL where the module did not come from a file; `native` for what V8 itself brings (`RegExp.test`). */
  readonly file: string;
  /** From 1; 0 for `native`. */
  readonly line: number;
  readonly column: number;
  /** The dependency it belongs to, as it is named in node_modules. */
  readonly package?: string;
  /** It does not call the frame above it, but awaits it. */
  readonly isAsync?: boolean;
  /** Of a culprit inside a dependency: the application's frame that called into it. */
  readonly calledFrom?: Frame;
}

/**
 * `live`: caught inside the function. `at-return`: caught at the first statement after a native call, which may have
 * been made by a function that had returned by then. `none`: no stack.
 */
export type Confidence = 'live' | 'at-return' | 'none';

export interface Advice {
  readonly action: 'offload' | 'use-async-api' | 'reduce-garbage' | 'add-cpu' | 'none';
  /** Names the function and shows the line to change. */
  readonly text: string;
}

/** The event loop was stuck for longer than the threshold, because of one thing. Plain data. */
export interface Stall {
  /** Epoch ms. */
  readonly startedAt: number;
  /** In ms; so far, while it lasts. */
  readonly duration: number;
  readonly kind: StallKind;
  readonly confidence: Confidence;
  /** The innermost frame of the application, or of a dependency; Node's and offloop's own are left out. */
  readonly culprit?: Frame;
  /** The deepest frame common to all samples: what should be offloaded. */
  readonly boundary?: Frame;
  /** Stacks, innermost frame first, in the order they were taken. */
  readonly samples: Frame[][];
  /** The carried stores at the moment of the stall, by name; `[sensitive]` in place of what is. */
  readonly context: Record<string, unknown>;
  /** The offloop task that ran on this thread. */
  readonly task?: string;
  /** What the culprit had called, when that is Node's or V8's: `readFileSync`, `RegExp.test`. */
  readonly call?: string;
  readonly advice: Advice;
}

/** How late the event loop's timers are. All in ms. */
export interface LagStats {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Stalls of one cause. */
export interface Offender extends Pick<Stall, 'kind' | 'confidence' | 'culprit' | 'boundary' | 'task' | 'call' | 'advice'> {
  readonly count: number;
  /** ms */
  readonly totalMs: number;
  /** ms */
  readonly p50: number;
  /** ms */
  readonly max: number;
  /** Of all blocked time, 0 to 1. */
  readonly share: number;
  /** How many different contexts were the blocker's; counted up to 1,000. */
  readonly requests: number;
  /** That of the longest stall. */
  readonly context: Record<string, unknown>;
  /** That of the longest stall, innermost frame first. */
  readonly stack: Frame[];
  /** Epoch ms. */
  readonly firstSeen: number;
  /** Epoch ms. */
  readonly lastSeen: number;
}

/** Whether stacks can be had: `lag-only` says why not. */
export interface Capture {
  readonly mode: 'starting' | 'live' | 'lag-only';
  readonly reason?: string;
}

/** What a report holds, without its printers. */
export interface ReportData {
  /** The watched span, epoch ms. */
  readonly since: number;
  readonly until: number;
  readonly capture: Capture;
  /** How many. */
  readonly stalls: number;
  /** ms */
  readonly blockedMs: number;
  /** Blocked inside `expectBlock()`; in none of the other figures. */
  readonly expected: { readonly count: number; readonly ms: number };
  /** Ranked by blocked time, the worst first; at most 100. */
  readonly offenders: Offender[];
  /** Causes that were too many to keep apart. */
  readonly others: { readonly count: number; readonly totalMs: number };
  /** The latest stalls, at most 1,000; `offender` is an index into `offenders`, -1 for one of the others. */
  readonly timeline: { readonly startedAt: number; readonly duration: number; readonly offender: number }[];
  readonly lag: LagStats;
}

export interface WatchdogReport extends ReportData {
  /** A table for a terminal, at most 100 columns wide. */
  toString(): string;
  /** One self-contained page. */
  toHTML(): string;
}

/** Watches the event loop of the thread that has started it. */
export interface Watchdog extends AsyncDisposable {
  /** Resolves when the watchdog's thread runs, has proved that it can capture a stack, and serves the page. */
  ready(): Promise<WatchdogReady>;
  lag(): LagStats;
  report(): WatchdogReport;
  /** Runs `fn`; a block meanwhile, for a promise until it settles, is no stall. */
  expectBlock<R>(why: string, fn: () => R): R;
  stop(): Promise<void>;
}

export interface WatchdogReady {
  readonly capture: Capture;
  /** The page's, where there is a page. */
  readonly url?: string;
}

/** The stall that lasts right now. */
export interface Stuck {
  /** Epoch ms. */
  readonly since: number;
  readonly forMs: number;
  /** Absent as long as nothing is known but the time. */
  readonly stall: Stall | undefined;
}
