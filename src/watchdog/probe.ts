import { executionAsyncId } from 'node:async_hooks';

import { showStores } from '../context/show.ts';
import { observed } from '../observed.ts';
import { shared } from '../shared.ts';
import type { Board } from './board.ts';
import { now } from './clock.ts';
import { StallCollections } from './gc.ts';
import { idleTime, signOfLife } from './heartbeat.ts';
import { Sampler } from './sampler.ts';
import { mapped, type Position } from './source-map.ts';
import { isLoading } from './stack.ts';
import type { Stall } from './types.ts';

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

/** What the main thread answers in the middle of whatever it does. */
export interface Finding {
  /** When it answered, as `now()`. */
  readonly at: number;
  readonly frames: RawFrame[];
  readonly context: Record<string, unknown>;
  readonly task: string | undefined;
  /** What the loop has slept by then, in ms since the process started. */
  readonly idle: number;
  /** What the collector took since the first probe of this stall, in ms. */
  readonly gcMs: number;
  /** A debugger may have stopped it. */
  readonly isDebugged: boolean;
  /** It loads its modules, and serves nobody yet. */
  readonly isStartingUp: boolean;
}

/** Deep enough to see who called a recursion, shallow enough to take well below a millisecond. */
const MAX_FRAMES = 100;

/** A process that serves nobody after a minute is no longer starting up. */
const START_UP_S = 60;

/** What the monitor may call on the main thread, each by the id of its watchdog. */
export const probes = shared('watchdog probes', () => new Map<number, Probe>());

export class Probe {
  readonly #board: Board;
  readonly #ignore: ((stall: Stall) => boolean) | undefined;
  readonly #collections = new StallCollections();
  readonly #sampler = new Sampler();
  readonly #inspector = process.getBuiltinModule('node:inspector') as typeof import('node:inspector') | undefined;
  #episode = 0;

  constructor(board: Board, ignore: ((stall: Stall) => boolean) | undefined) {
    this.#board = board;
    this.#ignore = ignore;
  }

  /** Runs on top of whatever the main thread is stuck in. */
  look(episode: number): string {
    const at = now();
    const frames = takeStack(this.look);
    if (episode !== this.#episode) this.#begin(episode);
    const finding: Finding = {
      ...{ at, frames, idle: idleTime(), gcMs: this.#collections.read() },
      context: showStores(),
      task: observed.inlineTask ?? observed.contextTask(),
      isDebugged: this.#inspector?.url() !== undefined,
      isStartingUp: isLoading(frames) && process.uptime() < START_UP_S && !isServing(),
    };
    return JSON.stringify(finding);
  }

  ignores(stall: Stall): boolean {
    return this.#ignore?.(stall) === true;
  }

  /** Samples from now on, since a call has left no trace. */
  sample(): boolean {
    return this.#sampler.start();
  }

  /** What ran most of the time between two instants of `now()`, and ends the sampling. */
  sampled(from: number, to: number): string {
    return JSON.stringify(this.#sampler.stop(from, to) ?? null);
  }

  stop(): void {
    this.#collections.stop();
    this.#sampler.stop(0, 0);
  }

  /** The first look at a stall leaves a note that is delivered when the callback that runs now has ended. */
  #begin(episode: number): void {
    this.#episode = episode;
    this.#collections.stop();
    this.#board.raise('isFlood', 0);
    process.nextTick(markEnd, this, episode, 0, 0);
  }

  /** Returns whether the stall was a flood: ticks that go on and on, so that nothing else gets its turn. */
  ended(episode: number, isFlood: boolean): void {
    if (episode !== this.#episode) return;
    this.#collections.stop();
    if (isFlood) { this.#board.raise('isFlood'); return; }
    const instant = now();
    signOfLife(this.#board, instant);
    this.#board.set('markedAt', instant);
    this.#board.raise('markedEpisode', episode);
  }
}

function isServing(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.endsWith('ServerWrap'));
}

/** How many turns in a row must bring in something new before it is a flood. */
const FLOOD_ROUNDS = 50;

/**
 * `process.nextTick` runs when the callback is done, and so would the ticks of a flood, forever. They are told apart by
 * going to the back of the queue again: every tick gets the next async id, so a gap shows that others came in between.
 */
function markEnd(probe: Probe, episode: number, rounds: number, before: number): void {
  const id = executionAsyncId();
  // Not in the first turns: what had its id before the note was left may still have been on its way into the queue.
  const isAlone = rounds > 1 && id === before + 1;
  if (isAlone || rounds === FLOOD_ROUNDS) probe.ended(episode, !isAlone);
  else process.nextTick(markEnd, probe, episode, rounds + 1, id);
}

type CallSite = NodeJS.CallSite & {
  getEnclosingLineNumber(): number | null;
  getEnclosingColumnNumber(): number | null;
  isAsync(): boolean;
};

/** Structured, without the user's `Error.prepareStackTrace`, whose setting and limit are put back at once. */
function takeStack(above: (...args: never) => unknown): RawFrame[] {
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
  return { name: name === '' && isModule(site, position) ? '(module)' : name, ...mapped(position), isAsync: site.isAsync(), isEntry: isAtEntry(site) };
}

function positionOf(site: CallSite): Position {
  // Code of `eval` has neither, whatever the types say.
  const file = (site.getFileName() ?? site.getScriptNameOrSourceURL()) as string | null | undefined;
  if (typeof file === 'string' && file !== '') return { file, line: site.getLineNumber() ?? 0, column: site.getColumnNumber() ?? 0 };
  // "eval at compile (/app/node_modules/ajv/dist/compile/index.js:89:30)": where the code was made is as near as it gets.
  const [, origin = '', line, column] = /\((?!eval at )([^()]+):(\d+):(\d+)\)/.exec(site.getEvalOrigin() ?? '') ?? [];
  return { file: origin, line: Number(line ?? 0), column: Number(column ?? 0) };
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
