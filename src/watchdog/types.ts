import type { StallKind } from './stall-kinds.ts';

/** A frame of a stack, mapped to its source where the process has source maps on. */
export interface Frame {
  /** The name that V8 gives: `validate`, `Object.parse`, `new Parser`; `(anonymous)` for a function without a name. */
  readonly function: string;
  /** A path; a URL where the module did not come from a file; `native` for V8's own functions (`RegExp.test`). */
  readonly file: string;
  /** From 1; 0 for `native`. */
  readonly line: number;
  readonly column: number;
  /** The dependency that the function belongs to, as it is named in node_modules. */
  readonly package?: string;
  /** Whether the function awaits the frame above it, rather than calls it. */
  readonly isAsync?: boolean;
  /** The application's frame that called into the dependency, for a culprit inside of one. */
  readonly calledFrom?: Frame;
}

/**
 * How the stack was obtained. `live`: inside the function. `at-return`: at the first statement after a native call; the function that
 * made the call may have returned by then. `none`: there is no stack.
 */
export type Confidence = 'live' | 'at-return' | 'none';

export interface Advice {
  readonly action: 'offload' | 'use-async-api' | 'reduce-garbage' | 'add-cpu' | 'none';
  /** Names the function and shows the line to change. */
  readonly text: string;
}

/** A time in which the event loop was stuck for longer than the threshold. Plain data. */
export interface Stall {
  /** Epoch ms. */
  readonly startedAt: number;
  /** In ms; while the stall lasts, its duration so far. */
  readonly duration: number;
  readonly kind: StallKind;
  readonly confidence: Confidence;
  /** The innermost frame of the application or of a dependency, not of Node or offloop. */
  readonly culprit?: Frame;
  /** The deepest frame common to all samples: the function to offload. */
  readonly boundary?: Frame;
  /** Stacks, innermost frame first, in the order they were taken. */
  readonly samples: Frame[][];
  /** The carried stores at the moment of the stall, by name; `[sensitive]` in place of a sensitive value. */
  readonly context: Record<string, unknown>;
  /** The offloop task that ran on this thread. */
  readonly task?: string;
  /** The function of Node's or V8's that the culprit had called: `readFileSync`, `RegExp.test`. */
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
  /** The share of all blocked time, 0 to 1. */
  readonly share: number;
  /** How many different contexts the stalls had; counted up to 1,000. */
  readonly requests: number;
  /** The context of the longest stall. */
  readonly context: Record<string, unknown>;
  /** The stack of the longest stall, innermost frame first. */
  readonly stack: Frame[];
  /** Epoch ms. */
  readonly firstSeen: number;
  /** Epoch ms. */
  readonly lastSeen: number;
}

/** Whether stacks can be captured. In the mode `lag-only` the reason says why not. */
export interface Capture {
  readonly mode: 'starting' | 'live' | 'lag-only';
  readonly reason?: string;
}

/** The data of a report, without its printers. */
export interface ReportData {
  /** The watched span, epoch ms. */
  readonly since: number;
  readonly until: number;
  readonly capture: Capture;
  /** How many stalls there were. */
  readonly stalls: number;
  /** ms */
  readonly blockedMs: number;
  /** Blocks inside of `expectBlock()`, which no other figure includes. */
  readonly expected: { readonly count: number; readonly ms: number };
  /** Ranked by blocked time, the worst first; at most 100. */
  readonly offenders: Offender[];
  /** Stalls of causes beyond the first 100, which are not kept apart. */
  readonly others: { readonly count: number; readonly totalMs: number };
  /** The latest stalls, at most 1,000. `offender` is an index into `offenders`, or -1 for a cause that is not kept apart. */
  readonly timeline: { readonly startedAt: number; readonly duration: number; readonly offender: number }[];
  readonly lag: LagStats;
}

export interface WatchdogReport extends ReportData {
  /** A table for a terminal, at most 100 columns wide. */
  toString(): string;
  /** An HTML page that needs no other file. */
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
