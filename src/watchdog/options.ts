import { checkOptions, rules, type Rule } from '../validation/options.ts';
import type { Stall } from './types.ts';

export interface PageOptions {
  /** Default 7117; 0 takes any free port. */
  port?: number;
  /** Default 127.0.0.1: everybody who can reach the page sees stacks and contexts. */
  host?: string;
}

export interface WatchdogOptions {
  /** How long the event loop may be stuck, in ms. Default 100, at least 10. */
  threshold?: number;
  /** Called on the main thread, once it is free again. */
  onStall?(stall: Stall): void;
  /** The log, which the watchdog's own thread writes to stderr while the loop is still stuck. 'stderr', the default: text. 'json': a line of JSON for each event. */
  log?: 'stderr' | 'json' | false;
  /** A live page, `/health` and `/metrics`, served by the watchdog's thread. Default false. */
  page?: boolean | PageOptions;
  /** An event loop that is stuck for this long, in ms, ends the process with exit code 70, after the stall was logged. Default: never. */
  abortAfter?: number;
  /**
   * After a native call that left no trace, V8's profiler samples the next minute, so that the second such call is named exactly.
   * Starting the profiler stops the process once, for 15 to 300 ms by the size of the heap; with a heap of more than 256 MB the
   * profiler is not used. Default true.
   */
  sampling?: boolean;
  /** Returns true for stalls to leave out. May be called in the middle of a stall (Node 24 and up), so it should only read its argument. */
  ignore?(stall: Stall): boolean;
}

const isPort = (v: unknown): boolean => Number.isInteger(v) && (v as number) >= 0 && (v as number) <= 65_535;

/** How long the event loop may be stuck. */
export const thresholdRule: Rule = { is: (v) => typeof v === 'number' && v >= 10 && v <= 3.6e6, expected: 'a number of milliseconds, 10 to 3,600,000' };

export const logRule: Rule = { is: (v) => v === 'stderr' || v === 'json' || v === false, expected: "'stderr', 'json' or false" };

const pageTable: Readonly<Record<keyof PageOptions, Rule>> = {
  port: { is: isPort, expected: 'a port, 0 to 65535' },
  host: rules.name,
};

const table: Readonly<Record<keyof WatchdogOptions, Rule>> = {
  threshold: thresholdRule,
  onStall: rules.callback,
  log: logRule,
  page: { is: (v) => typeof v === 'boolean' || rules.record.is(v), expected: 'a boolean or { port, host }' },
  abortAfter: rules.positiveMs,
  sampling: rules.boolean,
  ignore: rules.callback,
};

/** The options with their defaults. Every option has its setting: the compiler names a missing one. */
export interface WatchdogSettings extends Readonly<Record<keyof WatchdogOptions, unknown>> {
  readonly threshold: number;
  readonly onStall: ((stall: Stall) => void) | undefined;
  readonly log: 'stderr' | 'json' | false;
  readonly page: { readonly port: number; readonly host: string } | undefined;
  readonly abortAfter: number | undefined;
  readonly sampling: boolean;
  readonly ignore: ((stall: Stall) => boolean) | undefined;
}

/** @throws OptionError (OFFLOOP_OPTION) */
export function normalizeWatchdogOptions(options: WatchdogOptions): WatchdogSettings {
  const { threshold = 100, onStall, log = 'stderr', page = false, abortAfter, sampling = true, ignore } = checkOptions<WatchdogOptions>('startWatchdog()', options, table);
  return { threshold, onStall, log, page: pageSettings(page), abortAfter, sampling, ignore };
}

function pageSettings(page: boolean | PageOptions): WatchdogSettings['page'] {
  if (page === false) return undefined;
  const { port = 7117, host = '127.0.0.1' } = checkOptions<PageOptions>('startWatchdog(): `page`', page === true ? {} : page, pageTable);
  return { port, host };
}
