import { mapped, type Position } from './source-map.ts';
import { MODULE } from '../report/wording.ts';

/** A frame as it was found, before anything is left out. */
export interface RawFrame {
  readonly name: string;
  /** As V8 has it: a path, a URL, or empty for what V8 itself brings. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly isAsync: boolean;
  /** It stands at its very start, so it has used no time yet. */
  readonly isEntry: boolean;
}

/** Deep enough to see who called a recursion, shallow enough to take well below a millisecond. */
const MAX_FRAMES = 100;

type CallSite = NodeJS.CallSite & {
  getEnclosingLineNumber(): number | null;
  getEnclosingColumnNumber(): number | null;
  isAsync(): boolean;
};

/**
 * Structured, without the user's `Error.prepareStackTrace`, whose setting and limit are put back at once.
 *
 * No regular expression may run here, nor in whatever else is called while the main thread is interrupted: it may be in the
 * middle of one, and a second one on top of that crashes Node 20 and 22, whose V8 has them share one backtracking stack.
 */
export function takeStack(above: (...args: never) => unknown): RawFrame[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: RawFrame[] } = {};
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    Error.prepareStackTrace = (_error, sites) => (sites as CallSite[]).map(rawFrame);
    Error.captureStackTrace(holder, above);
    // Some versions of V8 format it only when it is looked at.
    return holder.stack ?? [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

function rawFrame(site: CallSite): RawFrame {
  const position = positionOf(site);
  const name = nameOf(site);
  return { name: name === '' && isModule(site, position) ? MODULE : name, ...mapped(position), isAsync: site.isAsync(), isEntry: isAtEntry(site) };
}

function positionOf(site: CallSite): Position {
  // Code of `eval` has neither, whatever the types say.
  const file = (site.getFileName() ?? site.getScriptNameOrSourceURL()) as string | null | undefined;
  if (typeof file === 'string' && file !== '') return { file, line: site.getLineNumber() ?? 0, column: site.getColumnNumber() ?? 0 };
  return site.isEval() ? originOf(site.getEvalOrigin() ?? '') : { file: '', line: 0, column: 0 };
}

/**
 * "eval at compile (/app/node_modules/ajv/dist/compile/index.js:89:30)": where the code was made is as near as it gets.
 * Taken apart by hand, see `takeStack()`.
 */
function originOf(origin: string): Position {
  const [column = '', line = '', ...file] = origin.slice(origin.lastIndexOf('(') + 1, origin.lastIndexOf(')')).split(':').reverse();
  const position = { file: file.reverse().join(':'), line: Number(line), column: Number(column) };
  return position.line > 0 && position.column > 0 ? position : { file: '', line: 0, column: 0 };
}

/** The top level of a file. */
function isModule(site: CallSite, { file }: Position): boolean {
  return file !== '' && !site.isEval() && site.getEnclosingLineNumber() === 1 && site.getEnclosingColumnNumber() === 1;
}

/** What the receiver of a call is called when that tells a reader nothing. */
const PLAIN_RECEIVERS = new Set(['Object', 'Function', 'Module', 'Timeout', 'Immediate', 'process', 'global', 'Window']);

function nameOf(site: CallSite): string {
  const method = site.getMethodName();
  // All of zlib's `…Sync` are one function, and only the name they are called by tells them apart.
  const name = method?.endsWith('Sync') === true ? method : site.getFunctionName() ?? '';
  if (name === '') return '';
  if (site.isConstructor()) return `new ${name}`;
  const receiver = site.isToplevel() ? null : site.getTypeName();
  return receiver === null || PLAIN_RECEIVERS.has(receiver) || name.includes('.') ? name : `${receiver}.${name}`;
}

/**
 * V8 looks for interrupts at the start of a function, and names the place of its parameters then: right behind
 * `function name`, `name`, or at the very start of an arrow function.
 */
function isAtEntry(site: CallSite): boolean {
  const column = site.getEnclosingColumnNumber();
  if (column === null || site.getLineNumber() !== site.getEnclosingLineNumber()) return false;
  const ahead = (site.getColumnNumber() ?? 0) - column;
  const name = site.getFunctionName()?.split('.').at(-1)?.length ?? 0;
  return STARTS.some((keywords) => ahead === keywords.length || ahead === keywords.length + name);
}

const STARTS = ['', 'async ', 'function ', 'function', 'function* ', 'async function ', 'async function', 'get ', 'set ', 'static ', 'static async ', '*', 'async *'];
