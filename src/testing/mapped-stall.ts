import { advise } from '../watchdog/report/advice.ts';
import type { Frame, Stall } from '../watchdog/types.ts';

type Prepare = NonNullable<typeof Error.prepareStackTrace>;

/**
 * The stall with its places in the sources, where a loader that compiles them (Vitest's) has hooked itself into
 * `Error.prepareStackTrace`, as it is asked for errors. In the middle of the stall it could not be asked: see `takeStack()`.
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

/** It may be anybody's function, and return anything. */
function prepared(frame: Frame, prepare: Prepare): string {
  try {
    const stack: unknown = prepare(new Error(), [new FrameSite(frame)]);
    return typeof stack === 'string' ? stack.split('\n').at(-1) ?? '' : '';
  } catch {
    return '';
  }
}

/** A frame as V8 hands it to who prepares stacks. */
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
