import { MODULE, type RawFrame } from '../protocol/findings.ts';
import { mapped, type Position } from './source-map.ts';

/** Deep enough to show the caller of a recursion, shallow enough to take well below a millisecond. */
const MAX_FRAMES = 100;

type CallSite = NodeJS.CallSite & {
  getEnclosingLineNumber(): number | null;
  getEnclosingColumnNumber(): number | null;
  isAsync(): boolean;
};

/**
 * Takes the stack of the caller of `above`, structured, without the user's `Error.prepareStackTrace`: that setting and the limit
 * are restored at once.
 */
export function takeStack(above: (...args: never) => unknown): RawFrame[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: RawFrame[] } = {};
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    Error.prepareStackTrace = (_error, sites) => (sites as CallSite[]).map(rawFrame);
    Error.captureStackTrace(holder, above);
    // Some versions of V8 format the stack only when the property is read.
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
  // Code made by `eval` has neither name, whatever the types say.
  const file = (site.getFileName() ?? site.getScriptNameOrSourceURL()) as string | null | undefined;
  if (typeof file === 'string' && file !== '') return { file, line: site.getLineNumber() ?? 0, column: site.getColumnNumber() ?? 0 };
  return site.isEval() ? originOf(site.getEvalOrigin() ?? '') : { file: '', line: 0, column: 0 };
}

/**
 * Parses "eval at compile (/app/node_modules/ajv/dist/compile/index.js:89:30)" by hand, without a regular expression: the place
 * where the code was made is the nearest that is known.
 */
function originOf(origin: string): Position {
  const [column = '', line = '', ...file] = origin.slice(origin.lastIndexOf('(') + 1, origin.lastIndexOf(')')).split(':').reverse();
  const position = { file: file.reverse().join(':'), line: Number(line), column: Number(column) };
  return position.line > 0 && position.column > 0 ? position : { file: '', line: 0, column: 0 };
}

/** Whether the frame is the top level of a file. */
function isModule(site: CallSite, { file }: Position): boolean {
  return file !== '' && !site.isEval() && site.getEnclosingLineNumber() === 1 && site.getEnclosingColumnNumber() === 1;
}

/** Names of receivers that tell a reader nothing. */
const PLAIN_RECEIVERS = new Set(['Object', 'Function', 'Module', 'Timeout', 'Immediate', 'process', 'global', 'Window']);

function nameOf(site: CallSite): string {
  const method = site.getMethodName();
  // All `…Sync` functions of node:zlib are one function: only the name by which it is called tells them apart.
  const name = method?.endsWith('Sync') === true ? method : site.getFunctionName() ?? '';
  if (name === '') return '';
  if (site.isConstructor()) return `new ${name}`;
  const receiver = site.isToplevel() ? null : site.getTypeName();
  return receiver === null || PLAIN_RECEIVERS.has(receiver) || name.includes('.') ? name : `${receiver}.${name}`;
}

/**
 * Whether the function has only just begun. V8 handles interrupts at the start of a function, and then gives the place of its
 * parameters: right behind `function name` or `name`, or the very start of an arrow function.
 */
function isAtEntry(site: CallSite): boolean {
  const column = site.getEnclosingColumnNumber();
  if (column === null || site.getLineNumber() !== site.getEnclosingLineNumber()) return false;
  const ahead = (site.getColumnNumber() ?? 0) - column;
  const name = site.getFunctionName()?.split('.').at(-1)?.length ?? 0;
  return STARTS.some((keywords) => ahead === keywords.length || ahead === keywords.length + name);
}

const STARTS = ['', 'async ', 'function ', 'function', 'function* ', 'async function ', 'async function', 'get ', 'set ', 'static ', 'static async ', '*', 'async *'];
