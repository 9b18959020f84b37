import { inspect } from 'node:util';

import { hash } from '../fixtures/identity/digest.js';

/** A call, and all that its response is compared with. */
export interface Made {
  readonly n: number;
  readonly where: string;
  readonly deed: string;
  /** The texts that the task may report about what it saw. */
  readonly whats: readonly string[];
  /** Epoch ms. */
  readonly deadline: number | undefined;
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly fails: 'always' | 'maybe' | undefined;
  /** The progress values that the call received. */
  readonly heard: unknown[];
  id?: number;
  answer?: Answer;
}

export type Answer = { readonly value: any } | { readonly error: any };

/** Read the report of a task from its result; `undefined` where the result has another form. */
const readers: Record<string, (value: any) => unknown> = {
  objects: (value) => (value.list[0] === hash(whatOf(value.told)) ? value.told : undefined),
  wide: (value) => (value.endsWith('\u20ac') ? value.slice(0, -1) : undefined),
  long: (value) => (value.length >= 5000 ? value.trimEnd() : undefined),
  bytes: ({ bytes }) => (Buffer.isBuffer(bytes) ? bytes.toString() : undefined),
  moves: (value) => (value instanceof ArrayBuffer ? Buffer.from(value).toString() : undefined),
  calls: (value) => (value.startsWith('inner ') ? value.slice('inner '.length).replace(/\/texts(?=\|)/, '') : undefined),
};

const endless = new Set(['spins', 'hangs', 'exits', 'breaks', 'throws', 'rejects']);

/** Returns the problem of the response, or undefined. Notes the id that the task had. */
export function problemOf(made: Made, answer: Answer): string | undefined {
  try {
    return 'error' in answer ? errorProblem(made, answer.error) : valueProblem(made, answer.value);
  } catch (error) {
    return `the answer is of another kind: ${String(error)}`;
  }
}

function valueProblem(made: Made, value: any): string | undefined {
  const { deed, whats, fails } = made;
  if (fails === 'always') return 'it could not be cloned, and was answered';
  if (endless.has(deed)) return 'it was to fail';
  if (deed === 'numbers') return whats.some((what) => hash(what) === value) ? undefined : 'another number';
  if (deed === 'plain') return whats.some((what) => [undefined, null, false, true][hash(what) % 4] === value) ? undefined : 'another value';
  const told = readers[deed]?.(value) ?? value;
  return toldProblem(made, told) ?? progressProblem(made, told);
}

function progressProblem({ deed, heard }: Made, told: string): string | undefined {
  const wanted = deed === 'reports' ? [{ told, part: 1 }, { told, part: 2 }] : [];
  return JSON.stringify(heard) === JSON.stringify(wanted) ? undefined : `it heard ${JSON.stringify(heard)}`;
}

/** `what|id|deadline` */
function toldProblem(made: Made, told: unknown): string | undefined {
  if (typeof told !== 'string') return `it was told ${typeof told}`;
  const what = whatOf(told);
  if (!made.whats.includes(what)) return 'another call, other stores or other arguments';
  const [id, deadline] = told.slice(what.length + 1).split('|');
  made.id = Number(id);
  if (!Number.isInteger(made.id) || made.id <= 0) return 'it has no id';
  return isDeadline(deadline!, made.deadline) ? undefined : 'another deadline';
}

function whatOf(told: string): string {
  return told.slice(0, told.lastIndexOf('|', told.lastIndexOf('|') - 1));
}

/** A deadline may cross as the time that is left, so it is compared with a tolerance; the deadlines of a round are far apart. */
function isDeadline(told: string, wanted: number | undefined): boolean {
  return wanted === undefined ? told === '' : told !== '' && Math.abs(Number(told) - wanted) < 2000;
}

function errorProblem(made: Made, error: any): string | undefined {
  const { deed, n, signal, timeout, deadline, fails } = made;
  if (signal?.aborted === true && error === signal.reason) return undefined;
  if (fails !== undefined && error?.code === 'OFFLOOP_NOT_CLONEABLE') return undefined;
  if (error?.code === 'OFFLOOP_TIMEOUT' && timeout !== undefined) return undefined;
  // No queue of a round lasts so long that a call with a far deadline could be refused at the door.
  const earliest = error?.retryAfter === undefined ? 5 : 1000;
  if (error?.code === 'OFFLOOP_DEADLINE' && deadline !== undefined && Date.now() >= deadline - earliest) return undefined;
  if (fails === 'always') return 'another error than that it cannot be cloned';
  if (deed === 'exits') return error.code === 'OFFLOOP_WORKER_CRASHED' && error.exitCode === codeOf(n) ? undefined : 'another end';
  if (deed === 'breaks') return breakProblem(made, error);
  return deed === 'throws' || deed === 'rejects' ? thrownProblem(made, error) : 'it was not to fail';
}

/** The exit code that the task uses. */
export function codeOf(n: number): number {
  return 1 + (Math.floor(n) % 250);
}

// A process writes the reason for its end on its stderr only.
function breakProblem(made: Made, { code, cause }: any): string | undefined {
  if (code !== 'OFFLOOP_WORKER_CRASHED') return 'another end';
  return cause === undefined && made.where.includes('processes') ? undefined : toldProblem(made, cause.message);
}

function thrownProblem(made: Made, error: any): string | undefined {
  const { message, about, digest } = error;
  if (!(error instanceof RangeError) || about.told !== message || digest !== hash(message)) return 'parts of different errors';
  return toldProblem(made, message);
}

/** The text that such a task reports about itself. */
export function whatBy(deed: string, args: string, looks: string): string {
  // 'calls' calls another task, and returns that task's report.
  return `${deed === 'calls' ? 'texts' : deed} ${args} ${looks}`;
}

export function show(answer: Answer | undefined): string {
  if (answer === undefined) return 'not yet';
  return 'error' in answer ? `failed: ${String(answer.error?.message ?? answer.error)}` : inspect(answer.value, { breakLength: Infinity, maxStringLength: 300 });
}

/** Each task of a pool has an id of its own, in the order of the calls. */
export function expectIds(made: readonly Made[], failure: (made: Made, problem: string) => Error): void {
  const ids = new Map<string, number>();
  for (const one of made) {
    if (one.id === undefined || one.n % 1 !== 0 || one.where.includes('map')) continue;
    if (one.id <= (ids.get(one.where) ?? 0)) throw failure(one, `its id is ${one.id}, after ${ids.get(one.where)}`);
    ids.set(one.where, one.id);
  }
}
