import { resolve } from 'node:path';

import { ownCopy } from '../node/own-properties.ts';
import type { WatchdogOptions } from '../watchdog/options.ts';

/** The settings of `offloop/register`, which environment variables give. */
export interface RegisterSettings extends Pick<WatchdogOptions, 'threshold' | 'log' | 'page' | 'abortAfter'> {
  /** Absolute; `%p` stands for the process id. */
  report?: string;
}

interface Variable {
  readonly name: `OFFLOOP_${string}`;
  readonly expected: string;
  /** Returns undefined for a text that is not as expected. */
  parse(text: string): RegisterSettings[keyof RegisterSettings];
}

const logs = new Map<string, 'stderr' | 'json' | false>([['stderr', 'stderr'], ['json', 'json'], ['off', false]]);

/** The flags of `offloop run` have the same names and values. */
export const variables: Readonly<Record<keyof RegisterSettings, Variable>> = {
  threshold: { name: 'OFFLOOP_THRESHOLD', expected: 'a number of milliseconds, 10 to 3,600,000', parse: (text) => milliseconds(text, 10, 3.6e6) },
  log: { name: 'OFFLOOP_LOG', expected: 'stderr, json or off', parse: (text) => logs.get(text) },
  page: { name: 'OFFLOOP_PAGE', expected: 'true, a port, or host:port', parse: pageOf },
  abortAfter: { name: 'OFFLOOP_ABORT_AFTER', expected: 'a positive number of milliseconds', parse: (text) => milliseconds(text, Number.MIN_VALUE, Infinity) },
  report: { name: 'OFFLOOP_REPORT', expected: 'a path that ends in .html or .json', parse: (text) => (/\.(html|json)$/i.test(text) ? resolve(text) : undefined) },
};

/** "3 of 4711": a file descriptor, and the process that gave it, since another process must not use the same number. */
const PARENT_FD = 'OFFLOOP_TELL_TO';

/**
 * Reads the variables, and removes those that only one process can follow: children inherit the environment.
 * @returns with `problems` as text for people, since a service starts in spite of a typo in a variable
 */
export function takeEnvironment(env: NodeJS.ProcessEnv): { settings: RegisterSettings; parentFd: number | undefined; problems: string[] } {
  const settings: Partial<Record<keyof RegisterSettings, unknown>> = ownCopy({});
  const problems: string[] = [];
  const parentFd = takeParentFd(env);
  for (const [key, { name, expected, parse }] of Object.entries(variables) as [keyof RegisterSettings, Variable][]) {
    const text = env[name] ?? '';
    if (text === '') continue;
    const value = parse(text);
    if (value === undefined) problems.push(`${name}: expected ${expected}, got ${quoted(text)}. It is ignored.`);
    else settings[key] = value;
    // Child processes would repeat the complaint, or write over the report.
    if (value === undefined || (key === 'report' && !text.includes('%p'))) Reflect.deleteProperty(env, name);
  }
  return { settings: settings as RegisterSettings, parentFd, problems: [...problems, ...unknownVariables(env)] };
}

/** The variable that tells a child process on which file descriptor its stalls are read. */
export function parentFdVariable(fd: number): NodeJS.ProcessEnv {
  return { [PARENT_FD]: `${fd} of ${process.pid}` };
}

/** A whole or decimal number, and nothing else. */
export function milliseconds(text: string, least: number, most: number): number | undefined {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : undefined;
}

/** A text that a user has typed, as a message shows it. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}

function pageOf(text: string): RegisterSettings['page'] {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  const [, inBrackets, name = inBrackets, port = ''] = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535) return undefined;
  return { port: Number(port), ...(name !== undefined && { host: name }) };
}

/** Returns undefined where another process set the variable: `node --watch` passes it on to a process that has another file under that number. */
function takeParentFd(env: NodeJS.ProcessEnv): number | undefined {
  const [, fd, parent] = /^(\d+) of (\d+)$/.exec(env[PARENT_FD] ?? '') ?? [];
  Reflect.deleteProperty(env, PARENT_FD);
  return Number(parent) === process.ppid ? Number(fd) : undefined;
}

function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = Object.values(variables).map(({ name }) => name);
  const unknown = Object.keys(env).filter((name) => name.startsWith('OFFLOOP_') && !known.includes(name as Variable['name']));
  return unknown.map((name) => `${name}: there is no such variable. The variables are ${known.join(', ')}.`);
}
