import { quoted, variables } from '../register/environment.ts';
import { checkOptions, rules, type Rule } from '../validation/options.ts';
import { logRule, thresholdRule } from '../watchdog/options.ts';

export interface GuardOptions {
  /** How long a test may block the event loop, in ms, at least 10. Default: OFFLOOP_THRESHOLD, or 100. */
  over?: number;
  /** The log while the event loop is blocked, for tests that never end. Default: OFFLOOP_LOG, or false. */
  log?: 'stderr' | 'json' | false;
  /** An event loop that is blocked for this long, in ms, ends the process with exit code 70. Default: OFFLOOP_ABORT_AFTER, or never. */
  abortAfter?: number;
}

/** The options with their defaults. */
export interface GuardSettings {
  readonly over: number;
  readonly log: 'stderr' | 'json' | false;
  readonly abortAfter: number | undefined;
}

const table: Readonly<Record<keyof GuardOptions, Rule>> = {
  over: thresholdRule,
  log: logRule,
  abortAfter: rules.positiveMs,
};

/** @throws OptionError (OFFLOOP_OPTION) */
export function normalizeGuardOptions(options: GuardOptions, env: NodeJS.ProcessEnv): GuardSettings {
  const { over, log, abortAfter } = { ...fromEnvironment(env), ...checkOptions<GuardOptions>('configure()', options, table) };
  return { over: over ?? 100, log: log ?? false, abortAfter };
}

/** Reads the same variables as `offloop/register`. */
function fromEnvironment(env: NodeJS.ProcessEnv): GuardOptions {
  const read = (key: 'threshold' | 'log' | 'abortAfter'): unknown => {
    const { name, expected, parse } = variables[key];
    const text = env[name] ?? '';
    const value = text === '' ? undefined : parse(text);
    if (text !== '' && value === undefined) process.emitWarning(`${name}: expected ${expected}, got ${quoted(text)}. It is ignored.`, 'OffloopWarning');
    return value;
  };
  return { over: read('threshold'), log: read('log'), abortAfter: read('abortAfter') } as GuardOptions;
}
