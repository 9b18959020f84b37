import { isDeepStrictEqual } from 'node:util';

import type { Deed } from '../fixtures/acts.js';

/*
 * The model: the responses that a call may have. The model knows nothing of workers, messages and queues.
 */

export type Answer = { readonly value: unknown } | { readonly error: any };

/** A call, as far as its response depends on it. */
export interface Asked {
  readonly id: number;
  readonly deed: Deed;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number | undefined;
  readonly deadline: number | undefined;
  /** The state at the moment of the call. */
  readonly when: {
    readonly isClosed: boolean;
    readonly isAborted: boolean;
    readonly isTooLate: boolean;
  };
}

/** The pool, at the moment of the response. */
export interface Around {
  /** `close()` may reject calls. */
  readonly isCutOff: boolean;
  readonly hasSmallQueue: boolean;
}

type Own = { readonly returns: (id: number) => unknown } | { readonly rejects: (error: any, id: number) => boolean } | 'endless';

const number: Own = { returns: (id) => id };
const object: Own = { returns: (id) => ({ id }) };
const threw: Own = { rejects: (error, id) => error.name === 'RangeError' && error.message === `thrown by ${id}` };
const uncloneable = (path: string): Own => ({ rejects: (error) => error.code === 'OFFLOOP_NOT_CLONEABLE' && error.path === path });
// A process writes the reason on its stderr only.
const crashed: Own = { rejects: (error, id) => error.code === 'OFFLOOP_WORKER_CRASHED' && (error.cause === undefined || error.cause.message === `thrown by ${id}`) };
const exited: Own = { rejects: (error, id) => error.code === 'OFFLOOP_WORKER_CRASHED' && error.exitCode === id % 256 };

const own: Record<Deed, Own> = {
  'returns a number': number,
  'returns an object': object,
  'returns a long text': { returns: (id) => `${id}:${'x'.repeat(50_000)}` },
  'returns a Buffer': { returns: (id) => ({ bytes: Buffer.from(String(id)) }) },
  'hands over its result': { returns: (id) => Uint32Array.of(id).buffer },
  'resolves at once': number,
  'resolves later': number,
  'calls another task': object,
  'takes its time': number,
  'ages': number,
  'ages until a spare runs': number,
  'ages and waits': number,
  'reports progress': number,
  'throws': threw,
  'rejects': threw,
  'throws null': { rejects: (error) => error === null },
  'throws a function': { rejects: (error) => typeof error === 'string' && error.includes('function') },
  'returns a function': uncloneable('result.format'),
  'returns a getter that throws': uncloneable('result.bad'),
  'takes what cannot be cloned': uncloneable('args[3]'),
  'ages and throws': threw,
  'ages and exits': exited,
  'ages and throws from a timer': crashed,
  'ages and hangs': 'endless',
  'exits': exited,
  'throws from a timer': crashed,
  'leaves a rejection': crashed,
  'spins': 'endless',
  'hangs': 'endless',
  'looks whether it is to stop': 'endless',
  'hears that it is to stop': 'endless',
};

export function isEndless(deed: Deed): boolean {
  return own[deed] === 'endless';
}

/** The value that the deed returns, if it returns. */
export function valueOf(deed: Deed, id: number): { readonly value: unknown } | undefined {
  const answer = own[deed];
  return typeof answer === 'object' && 'returns' in answer ? { value: answer.returns(id) } : undefined;
}

export function isOwnError(deed: Deed, id: number, error: unknown): boolean {
  const answer = own[deed];
  return typeof answer === 'object' && 'rejects' in answer && matches(answer.rejects, error, id);
}

export function isAllowed(call: Asked, answer: Answer, around: Around): boolean {
  const { when, signal, deed, id } = call;
  const code = 'error' in answer ? codeOf(answer.error) : undefined;
  if (when.isClosed) return code === 'OFFLOOP_POOL_CLOSED';
  if (when.isAborted) return 'error' in answer && answer.error === signal!.reason;
  if (when.isTooLate) return code === 'OFFLOOP_DEADLINE';
  if ('value' in answer) return isDeepStrictEqual(valueOf(deed, id), answer);
  return isOwnError(deed, id, answer.error) || (signal?.aborted === true && answer.error === signal.reason) || isGivenUp(call, answer.error, around);
}

/** A timer and the clock of the deadline do not tick together. */
const EARLY_MS = 2;

function isGivenUp({ timeout, deadline }: Asked, error: unknown, { isCutOff, hasSmallQueue }: Around): boolean {
  switch (codeOf(error)) {
    case 'OFFLOOP_TIMEOUT': return timeout !== undefined;
    case 'OFFLOOP_DEADLINE': return deadline !== undefined && (isRefusedAtTheDoor(error) || Date.now() >= deadline - EARLY_MS);
    case 'OFFLOOP_POOL_CLOSED': return isCutOff;
    case 'OFFLOOP_QUEUE_FULL': return hasSmallQueue;
    default: return false;
  }
}

/** Whether the call never reached the queue, so that the statistics know nothing of it. */
export function isRefused({ when }: Asked, answer: Answer): boolean {
  if (when.isClosed || when.isAborted || when.isTooLate) return true;
  return 'error' in answer && (codeOf(answer.error) === 'OFFLOOP_QUEUE_FULL' || isRefusedAtTheDoor(answer.error) || isLate(answer, 'when it was called'));
}

/** The deadline has not passed yet, but would before a worker is free. The deadlines of the model are so near that this may always be. */
function isRefusedAtTheDoor(error: unknown): boolean {
  return codeOf(error) === 'OFFLOOP_DEADLINE' && (error as Error).message.includes(' was refused: its deadline is in ');
}

/** Whether the deadline of the call itself has passed, and not that of a task that its task has called; the error says when. */
export function isLate(answer: Answer, when: string): boolean {
  if (!('error' in answer) || codeOf(answer.error) !== 'OFFLOOP_DEADLINE') return false;
  const message = String(answer.error.message);
  return /^The deadline of the task 'acts( heavily)?'/.test(message) && message.includes(when);
}

export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code;
}

function matches(rejects: (error: any, id: number) => boolean, error: unknown, id: number): boolean {
  try {
    return rejects(error, id);
  } catch {
    // The error is null, or another value without properties.
    return false;
  }
}
