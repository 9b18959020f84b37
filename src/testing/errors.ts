import { OffloopError } from '../errors.ts';
import { duration } from '../watchdog/page/client/format.js';
import { isSameFunction, shownStack } from '../watchdog/report/stack.ts';
import type { Frame, Stall } from '../watchdog/types.ts';
import { namedPlace } from '../watchdog/report/wording.ts';
import { mappedStall } from './stalls.ts';

/** The event loop was blocked for longer than a test allows. The error's stack is the stack of the function that blocked. */
export class BlockedLoopError extends OffloopError {
  /** The longest stall, as the watchdog found it. */
  // Not enumerable, since test runners print every enumerable property of an error, and samples are long.
  declare readonly stall: Stall;
  /** How long the event loop was blocked, in ms. */
  readonly actual: number;
  /** How long the event loop may be blocked, in ms. */
  readonly expected: number;
  /** Test runners would otherwise show the two numbers as a difference of texts. */
  readonly showDiff = false;

  constructor(call: string, found: Stall, over: number) {
    const stall = mappedStall(found);
    super('OFFLOOP_BLOCKED_LOOP', messageOf(call, stall, over));
    this.actual = stall.duration;
    this.expected = over;
    Object.defineProperty(this, 'stall', { value: stall });
    const frames = stackOf(stall);
    if (frames.length > 0) this.stack = [`${this.name}: ${this.message}`, ...frames.map(stackLine)].join('\n');
  }
}

/** A task saw a store that the task before it on the same worker had entered. */
export class ContextLeakError extends OffloopError {
  /** Each store that a task saw, and on which worker. */
  readonly leaks: readonly ContextLeak[];

  constructor(message: string, leaks: readonly ContextLeak[]) {
    super('OFFLOOP_CONTEXT_LEAK', message);
    this.leaks = leaks;
  }
}

export interface ContextLeak {
  /** The name given to `carry()`; undefined for an AsyncLocalStorage that is not carried. */
  readonly store: string | undefined;
  /** `process id:thread id` */
  readonly worker: string;
}

// As with every error of offloop: see errors.ts.
for (const [name, { prototype }] of Object.entries({ BlockedLoopError, ContextLeakError })) {
  Object.defineProperty(prototype, 'name', { value: name, configurable: true, writable: true });
}

/** The last stack with the culprit: the test may have gone on for a moment after the stall. */
function stackOf({ culprit, samples }: Stall): readonly Frame[] {
  const own = samples.findLast((stack) => stack.some((frame) => isSameFunction(frame, culprit)));
  return shownStack(own ?? samples.at(-1) ?? []);
}

function messageOf(call: string, { duration: ms, culprit, kind, confidence, advice }: Stall, over: number): string {
  const where = culprit === undefined ? '' : `, in ${namedPlace(culprit)}`;
  const seen = { 'live': '', 'at-return': ', seen as it returned', 'none': ', no stack could be had' }[confidence];
  return [
    `${call}: the event loop was blocked for ${duration(ms)}, and ${duration(over)} are allowed${where} (${kind}${seen}).`,
    ...(advice.text === '' ? [] : [advice.text]),
  ].join('\n');
}

/** A line as V8 writes it, so that tools can link it to the source. */
function stackLine({ function: name, file, line: row, column, isAsync }: Frame): string {
  return `    at ${isAsync === true ? 'async ' : ''}${name} (${row === 0 ? file : `${file}:${row}:${column}`})`;
}
