import { advise } from '../watchdog/report/advice.ts';
import { stallKinds } from '../watchdog/stall-kinds.ts';
import type { Frame, Stall } from '../watchdog/types.ts';

type Prepare = NonNullable<typeof Error.prepareStackTrace>;

/** The longest of the stalls that a test may fail for: a machine without a CPU to spare, or asleep, is not the test's fault. */
export function worstOf(stalls: readonly Stall[]): Stall | undefined {
  return stalls.filter(({ kind }) => stallKinds[kind].isProgramsFault).reduce<Stall | undefined>(longer, undefined);
}

function longer(worst: Stall | undefined, stall: Stall): Stall {
  return worst !== undefined && worst.duration >= stall.duration ? worst : stall;
}

/**
 * Maps the places of the stall to the sources, by the `Error.prepareStackTrace` of a loader that compiles them (Vitest's). The probe
 * could not call that function in the middle of the stall, since it may run a regular expression.
 */
export function mappedStall(stall: Stall): Stall {
  const { prepareStackTrace } = Error as { prepareStackTrace?: Prepare };
  if (prepareStackTrace === undefined) return stall;
  const map = (frame: Frame): Frame => mappedFrame(frame, prepareStackTrace);
  const { culprit, boundary, samples } = stall;
  const mapped: Stall = {
    ...stall,
    samples: samples.map((stack) => stack.map(map)),
    ...(culprit && { culprit: { ...map(culprit), ...(culprit.calledFrom && { calledFrom: map(culprit.calledFrom) }) } }),
    ...(boundary && { boundary: map(boundary) }),
  };
  return { ...mapped, advice: advise(mapped) };
}

function mappedFrame(frame: Frame, prepare: Prepare): Frame {
  if (frame.line === 0 || frame.file.startsWith('node:')) return frame;
  const [, file, line, column] = PLACE.exec(prepared(frame, prepare)) ?? [];
  return file === undefined ? frame : { ...frame, file: file.replace(/^file:\/\//, ''), line: Number(line), column: Number(column) };
}

/** `    at name (file:line:column)`, or without a name. */
const PLACE = /^ {4}at (?:.* \()?(.+):(\d+):(\d+)\)?$/;

/** Calls the function, which may be any code and return any value. */
function prepared(frame: Frame, prepare: Prepare): string {
  try {
    const stack: unknown = prepare(new Error(), [new FrameSite(frame)]);
    return typeof stack === 'string' ? stack.split('\n').at(-1) ?? '' : '';
  } catch {
    return '';
  }
}

/** A frame as V8 passes it to `Error.prepareStackTrace`. */
class FrameSite implements NodeJS.CallSite {
  readonly #frame: Frame;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  getFileName(): string { return this.#frame.file; }
  getScriptNameOrSourceURL(): string { return this.#frame.file; }
  getScriptHash(): string { return ''; }
  getLineNumber(): number { return this.#frame.line; }
  getColumnNumber(): number { return this.#frame.column; }
  getEnclosingLineNumber(): number { return this.#frame.line; }
  getEnclosingColumnNumber(): number { return this.#frame.column; }
  getPosition(): number { return 0; }
  getFunctionName(): string { return 'mapped'; }
  getMethodName(): null { return null; }
  getTypeName(): null { return null; }
  getThis(): undefined { return undefined; }
  getFunction(): undefined { return undefined; }
  getEvalOrigin(): undefined { return undefined; }
  getPromiseIndex(): null { return null; }
  isToplevel(): boolean { return true; }
  isEval(): boolean { return false; }
  isNative(): boolean { return false; }
  isConstructor(): boolean { return false; }
  isAsync(): boolean { return false; }
  isPromiseAll(): boolean { return false; }
  toString(): string { return `mapped (${this.#frame.file}:${this.#frame.line}:${this.#frame.column})`; }
}
