import { fileURLToPath } from 'node:url';

import { isOwnFrame } from '../../node/stack-frames.ts';
import type { RawFrame } from '../protocol/findings.ts';
import type { Frame } from '../types.ts';

/** The `file` of V8's own functions. */
const NATIVE = 'native';

/** The frames of one look without offloop's own, and without the expression that the monitor evaluated. */
export function readableStack(raw: readonly RawFrame[]): Frame[] {
  return raw.filter((frame) => !isProbeFrame(frame)).map(toFrame);
}

/** The stack for people: Node's frames only where the user's innermost function had called them. */
export function shownStack(stack: readonly Frame[]): Frame[] {
  const innermost = stack.findIndex(isUsers);
  return stack.filter((frame, i) => i < innermost || !frame.file.startsWith('node:'));
}

/**
 * Leaves out the functions on top that had only just begun: V8 handles interrupts at the start of a function, so after a long native
 * call the *next* function is found on top. The time went into its caller.
 */
export function withoutJustBegun(raw: readonly RawFrame[]): RawFrame[] {
  const first = raw.findIndex((frame) => !isProbeFrame(frame) && !(frame.isEntry && !isNative(frame)));
  return first === -1 ? [] : raw.slice(first);
}

/**
 * Leaves out functions of V8's that can be interrupted, or that call back: such a function does not answer late, so it has only just
 * begun, too.
 */
export function withoutInterruptible(stack: readonly Frame[]): Frame[] {
  const first = stack.findIndex(({ file, function: name }) => file !== NATIVE || !isInterruptible(name));
  return stack.slice(first === -1 ? stack.length : first);
}

/** `Array.forEach`, `RegExp.test`, `String`; not `JSON.parse`, which calls its reviver only after it has parsed all of the text. */
function isInterruptible(name: string): boolean {
  return /^(?:new )?(?:RegExp|String|Number|Boolean|Symbol|Date|Object|\w*Array|Map|Set|Promise|Iterator|Generator|Function|Reflect)\b/.test(name);
}

/**
 * Whether the context at the return of a native call still belongs to the caller of that call. With nothing on the stack, V8 is
 * between two microtasks, and has set the context of the next one; with only functions that had just begun, the next callback runs.
 */
export function isStillIts(raw: readonly RawFrame[]): boolean {
  const running = raw.filter((frame) => !isProbeFrame(frame) && !frame.isAsync);
  const users = running.filter((frame) => !/^(node:|$)/.test(frame.file));
  return running.length > 0 && (users.length === 0 || users.some((frame) => !frame.isEntry));
}

/** The innermost frame that is neither Node's nor V8's; for a frame of a dependency, with the application's frame that called into it. */
export function culpritOf(stack: readonly Frame[]): Frame | undefined {
  const index = stack.findIndex((frame) => isUsers(frame) && !frame.isAsync);
  const culprit = stack[index];
  if (culprit?.package === undefined) return culprit;
  const calledFrom = stack.slice(index).find((frame) => isUsers(frame) && frame.package === undefined);
  return calledFrom === undefined ? culprit : { ...culprit, calledFrom };
}

/** The function of Node's or V8's that the culprit had called. */
export function callOf(stack: readonly Frame[]): string | undefined {
  const index = stack.findIndex(isUsers);
  return index > 0 ? stack[index - 1]!.function : undefined;
}

/** The deepest frame that all samples share: the time was spent in that function and in the functions that it called. */
export function boundaryOf(samples: readonly (readonly Frame[])[]): Frame | undefined {
  const stacks = samples.map((stack) => stack.filter((frame) => isUsers(frame) && !frame.isAsync)).filter((stack) => stack.length > 0);
  const latest = stacks.at(-1);
  if (latest === undefined) return undefined;
  let depth = 0;
  while (depth < latest.length && stacks.every((stack) => isSameFunction(stack.at(-1 - depth), latest.at(-1 - depth)))) depth++;
  // Stacks deeper than those that were taken differ in their outermost frames: the function that recurses is on top of all of them.
  return depth === 0 ? latest.find((frame) => stacks.every((stack) => stack.some((other) => isSameFunction(other, frame)))) : latest.at(-depth);
}

/** Whether a frame is the user's JavaScript. WebAssembly is not: the JavaScript that calls it can be offloaded. */
export function isUsers({ file }: Frame): boolean {
  return file !== NATIVE && !/^(node|wasm):/.test(file);
}

export function isSameFunction(a: Frame | undefined, b: Frame | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.function === b.function && a.file === b.file && (a.function !== ANONYMOUS || a.line === b.line);
}

const ANONYMOUS = '(anonymous)';

function toFrame({ name, file, line, column, isAsync }: RawFrame): Frame {
  const path = file.startsWith('file:') ? toPath(file) : file;
  return {
    function: name === '' ? ANONYMOUS : name,
    ...(path === '' ? { file: NATIVE, line: 0, column: 0 } : { file: path, line, column }),
    ...packageOf(path),
    ...(isAsync && { isAsync }),
  };
}

/** Returns the URL itself where it is no path: a loader may have made it up. */
function toPath(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

function packageOf(path: string): { package?: string } {
  const name = /.*[/\\]node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+)[/\\]/.exec(path)?.[1];
  return name === undefined ? {} : { package: name.replace('\\', '/') };
}

function isNative({ file }: RawFrame): boolean {
  return file === '';
}

/** offloop's own, or the expression that the monitor evaluates, which has neither a file nor a name. */
function isProbeFrame({ name, file }: RawFrame): boolean {
  return (file === '' && name === '') || (!file.startsWith('node:') && isOwnFrame(`    at ${name} (${file})`));
}
