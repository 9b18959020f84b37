import { parseArgs } from 'node:util';

import { milliseconds, quoted, variables, type RegisterSettings } from '../register/environment.ts';

export interface RunCommand {
  readonly type: 'run';
  /** Node's arguments: its flags, the script, the script's arguments. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly log: 'stderr' | 'json';
  /** Absolute; `%p` stands for the program's process id. */
  readonly report: string | undefined;
  /** ms */
  readonly failOver: number | undefined;
}

export type Command = RunCommand | { readonly type: 'overview' } | { readonly type: 'run help' } | { readonly type: 'version' };

/** The command line is wrong. */
export class UsageError extends Error {}

const flags = {
  threshold: { type: 'string' },
  log: { type: 'string' },
  // The value of `--page` may be missing, which `parseArgs` allows for booleans only.
  page: { type: 'boolean' },
  report: { type: 'string' },
  'fail-over': { type: 'string' },
  'abort-after': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Given = ReadonlyMap<keyof typeof flags, string>;

/** @throws UsageError */
export function parseCommand([name, ...rest]: readonly string[], env: NodeJS.ProcessEnv): Command {
  if (name === 'run') return parseRun(rest, env);
  if (name === '--help' || name === '-h' || name === 'help') return { type: 'overview' };
  if (name === '--version' || name === '-v') return { type: 'version' };
  if (name === undefined) throw new UsageError('no command was given');
  throw new UsageError(`there is no command ${quoted(name)}${name.startsWith('-') ? '' : `; to run a program: offloop run ${name}`}`);
}

function parseRun(args: readonly string[], inherited: NodeJS.ProcessEnv): Command {
  const { given, command } = split(args);
  if (given.has('help')) return { type: 'run help' };
  if (command.length === 0) throw new UsageError('no program was given');
  const env = { ...inherited };
  for (const [flag, setting] of settings) setVariable(env, given, flag, setting);
  const failOver = failOverOf(given, env);
  const report = reportOf(env);
  const isJson = env[variables.log.name] === 'json';
  return { type: 'run', command, env, log: isJson ? 'json' : 'stderr', report, failOver };
}

/** Splits offloop's own options from the program and its arguments. */
function split(args: readonly string[]): { given: Given; command: readonly string[] } {
  const { tokens } = parseArgs({ args: [...args], options: flags, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<keyof typeof flags, string>();
  let mayBePort = false;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') return { given, command: args.slice(token.index + 1) };
    if (token.kind === 'option') given.set(known(token.name, token.rawName), token.value ?? '');
    else if (mayBePort && /^\d+$/.test(token.value)) given.set('page', token.value);
    else return { given, command: args.slice(token.index) };
    mayBePort = token.kind === 'option' && token.name === 'page' && token.value === undefined;
  }
  return { given, command: [] };
}

function known(name: string, rawName: string): keyof typeof flags {
  if (Object.hasOwn(flags, name)) return name as keyof typeof flags;
  throw new UsageError(`there is no option ${rawName}; put flags for node after --: offloop run -- ${rawName} app.js`);
}

const settings = [
  ['threshold', 'threshold'], ['log', 'log'], ['page', 'page'], ['report', 'report'], ['abort-after', 'abortAfter'],
] as const satisfies [keyof typeof flags, keyof RegisterSettings][];

function setVariable(env: NodeJS.ProcessEnv, given: Given, flag: keyof typeof flags, setting: keyof RegisterSettings): void {
  const typed = given.get(flag);
  if (typed === undefined) return;
  const { name, expected, parse } = variables[setting];
  const text = flag === 'page' ? pageText(typed) : typed;
  if (parse(text) === undefined) throw unexpected(`--${flag}`, expected, typed);
  env[name] = text;
}

/** 0 and 1 are ports on the command line, but mean no and yes in the variable. */
function pageText(typed: string): string {
  if (typed === '') return 'true';
  return /^\d+$/.test(typed) ? `127.0.0.1:${typed}` : typed;
}

/** Lowers the threshold to the limit, since the watchdog does not see what is shorter than its threshold. */
function failOverOf(given: Given, env: NodeJS.ProcessEnv): number | undefined {
  const typed = given.get('fail-over');
  if (typed === undefined) return undefined;
  const failOver = milliseconds(typed, 10, Infinity);
  if (failOver === undefined) throw unexpected('--fail-over', 'a number of milliseconds, at least 10', typed);
  const { name, parse } = variables.threshold;
  const threshold = Number(parse(env[name] ?? '') ?? 100);
  if (threshold <= failOver) return failOver;
  if (given.has('threshold')) throw new UsageError(`--fail-over ${typed} is below --threshold ${threshold}: the watchdog does not see stalls that are shorter than the threshold`);
  env[name] = typed;
  return failOver;
}

/** Removes the variable: this process writes the report, not the program's watchdog, and checks the value itself. */
function reportOf(env: NodeJS.ProcessEnv): string | undefined {
  const { name, expected, parse } = variables.report;
  const text = env[name] ?? '';
  Reflect.deleteProperty(env, name);
  if (text === '') return undefined;
  const path = parse(text);
  if (typeof path !== 'string') throw unexpected(name, expected, text);
  return path;
}

function unexpected(name: string, expected: string, text: string): UsageError {
  return new UsageError(`${name}: expected ${expected}, got ${quoted(text)}`);
}
