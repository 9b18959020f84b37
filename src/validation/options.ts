import { describe, errorText, typeName } from './describe.ts';
import { OptionError } from '../errors.ts';
import { ownCopy } from '../node/own-properties.ts';

/** The requirement of an option: a predicate, and the words for it in "expected `x` to be …". */
export interface Rule {
  readonly is: (value: unknown) => boolean;
  readonly expected: string;
  /** True for a value that an error must not show; the error then shows the type only. */
  readonly isSecret?: (value: unknown) => boolean;
}

const isFiniteNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Accepts Node's signals, too, where a test environment has replaced the global class by that of a DOM. */
function isSignal(value: unknown): value is AbortSignal {
  return value instanceof AbortSignal || Object.prototype.toString.call(value) === '[object AbortSignal]';
}

export const rules = {
  positiveInteger: { is: (v) => Number.isInteger(v) && (v as number) > 0, expected: 'a positive integer' },
  wholeNumber: { is: (v) => Number.isInteger(v) && (v as number) >= 0, expected: 'a whole number, 0 or more' },
  finite: { is: isFiniteNumber, expected: 'a finite number' },
  positiveMs: { is: (v) => typeof v === 'number' && v > 0, expected: 'a positive number of milliseconds' },
  ms: { is: (v) => typeof v === 'number' && v >= 0, expected: 'a number of milliseconds, 0 or more' },
  boolean: { is: (v) => typeof v === 'boolean', expected: 'a boolean' },
  name: { is: (v) => typeof v === 'string' && v !== '', expected: 'a non-empty string' },
  callback: { is: (v) => typeof v === 'function', expected: 'a function' },
  strings: { is: (v) => Array.isArray(v) && v.every((s) => typeof s === 'string'), expected: 'an array of strings' },
  errorClasses: { is: (v) => Array.isArray(v) && v.every((c) => typeof c === 'function'), expected: 'an array of error classes' },
  list: { is: Array.isArray, expected: 'an array' },
  record: { is: (v) => typeof v === 'object' && v !== null && !Array.isArray(v), expected: 'an object' },
  // Reading `aborted` throws where an object only inherits from AbortSignal.
  signal: { is: (v) => isSignal(v) && typeof v.aborted === 'boolean', expected: 'an AbortSignal' },
} as const satisfies Record<string, Rule>;

export const oneOf = (...values: readonly string[]): Rule => ({
  is: (v) => typeof v === 'string' && values.includes(v),
  expected: values.map((v) => `'${v}'`).join(' or '),
});

/**
 * Checks an options object against its table, in one place and before anything starts.
 * @returns a copy that inherits nothing; a copy, since a getter or a proxy may answer something else the next time
 * @throws OptionError (OFFLOOP_OPTION) naming the call, the option, the value and what it must be.
 */
export function checkOptions<T extends object>(call: string, options: unknown, table: Readonly<Record<keyof T, Rule>>): T {
  if (!fits(rules.record, options)) {
    throw new OptionError(`${call}: expected the options to be an object, got ${describe(options)}.`);
  }
  const given = copyOf<T>(call, options as T);
  for (const key of Object.keys(given) as (keyof T & string)[]) {
    const rule = Object.hasOwn(table, key) ? table[key] : undefined;
    if (rule === undefined) throw unknownOption(call, key, Object.keys(table));
    if (given[key] === undefined || fits(rule, given[key])) continue;
    const got = isSecret(rule, given[key]) ? `a value of the type \`${typeName(given[key])}\`` : describe(given[key]);
    throw new OptionError(`${call}: expected \`${key}\` to be ${rule.expected}, got ${got}.`);
  }
  return given;
}

function isSecret(rule: Rule, value: unknown): boolean {
  return Object.hasOwn(rule, 'isSecret') && rule.isSecret?.(value) === true;
}

function copyOf<T extends object>(call: string, options: T): T {
  try {
    return ownCopy(options);
  } catch (cause) {
    throw new OptionError(`${call}: the options cannot be read: ${errorText(cause)}.`, { cause });
  }
}

/** False also where reading the value throws: it may be a proxy, or have getters. */
function fits(rule: Rule, value: unknown): boolean {
  try {
    return rule.is(value);
  } catch {
    return false;
  }
}

function unknownOption(call: string, key: string, known: readonly string[]): OptionError {
  return new OptionError(`${call}: there is no option \`${key}\`. The options are ${known.map((k) => `\`${k}\``).join(', ')}.`);
}
