/** A frame as the probe found it, before the report leaves any frame out. */
export interface RawFrame {
  readonly name: string;
  /** As V8 has it: a path, a URL, or empty for V8's own functions. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly isAsync: boolean;
  /** The function stands at its very start, so it has used no time yet. */
  readonly isEntry: boolean;
}

/** The name of the code at the top level of a module, when the file is loaded or goes on after an `await`. */
export const MODULE = '(module)';

/** The result of a look at the watched thread, in the middle of whatever that thread does. */
export interface Finding {
  /** When the thread answered, as `now()`. */
  readonly at: number;
  readonly frames: RawFrame[];
  readonly context: Record<string, unknown>;
  readonly task: string | undefined;
  /** How long the event loop has slept by then, in ms since the process started. */
  readonly idle: number;
  /** The time that the garbage collector took since the first look at this stall, in ms. */
  readonly gcMs: number;
  /** Whether a debugger may have stopped the thread. */
  readonly isDebugged: boolean;
  /** Whether the process still loads its modules, and serves nobody yet. */
  readonly isStartingUp: boolean;
}

/** In place of a stall's id, for the look that proves the probe before anything is wrong. */
export const SELF_TEST = 0;

/** The result of work that the watchdog itself did on the watched thread, and when that work kept the thread busy; instants of `now()`. */
export interface ProbeTime<R> {
  readonly value?: R;
  readonly from: number;
  readonly to: number;
}

/** The stack that V8's profiler saw most often during a stall. */
export interface ProfileSummary {
  /** Innermost frame first; absent where no function of the user's ran for a third of the time. */
  readonly stack: RawFrame[] | undefined;
  /** The garbage collector's share of the time, 0 to 1. */
  readonly gcShare: number;
}
