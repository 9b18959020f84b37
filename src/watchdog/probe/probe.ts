import { showStores } from '../../context/shown-stores.ts';
import { observed } from '../../shared/introspection.ts';
import { shared } from '../../shared/shared.ts';
import type { SharedState } from '../protocol/shared-state.ts';
import { now } from '../protocol/clock.ts';
import { whenCallbackEnds } from './callback-end.ts';
import { StallCollections } from './collections.ts';
import { idleTime, signOfLife } from '../main/heartbeat.ts';
import { takeStack, type RawFrame } from './raw-stack.ts';
import { Sampler } from './sampler.ts';
import { isLoading } from '../report/stack.ts';
import type { Stall } from '../types.ts';

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

/** What the watchdog itself has kept the watched thread from its work with; instants of `now()`. */
export interface ProbeTime<R> {
  readonly value?: R;
  readonly from: number;
  readonly to: number;
}

/** In place of an episode's number: nothing is wrong. */
export const SELF_TEST = 0;

/** A process that serves nobody after a minute is no longer starting up. */
const START_UP_S = 60;

/** What the monitor may call on the main thread, each by the id of its watchdog. */
export const probes = shared('watchdog probes', () => new Map<number, Probe>());

export class Probe {
  readonly #board: SharedState;
  readonly #ignore: ((stall: Stall) => boolean) | undefined;
  readonly #collections = new StallCollections();
  readonly #sampler = new Sampler();
  readonly #inspector = process.getBuiltinModule('node:inspector') as typeof import('node:inspector') | undefined;
  #episode = SELF_TEST;

  constructor(board: SharedState, ignore: ((stall: Stall) => boolean) | undefined) {
    this.#board = board;
    this.#ignore = ignore;
  }

  /** Runs on top of whatever the main thread is stuck in. */
  look(episode: number): string {
    const at = now();
    const frames = takeStack(this.look);
    if (episode === SELF_TEST) this.#warmUp();
    else if (episode !== this.#episode) this.#begin(episode);
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

  /** Samples from now on, since a call has left no trace: whether it does. */
  sample(): string {
    return JSON.stringify(timed(() => this.#sampler.start()));
  }

  /** What ran most of the time between two instants of `now()`, and ends the sampling. */
  sampled(from: number, to: number): string {
    return JSON.stringify(timed(() => this.#sampler.stop(from, to)));
  }

  stop(): void {
    this.#collections.stop();
    this.#sampler.stop(0, 0);
  }

  /** What else the first look at a stall does: compiled by then, it takes half the time. */
  #warmUp(): void {
    whenCallbackEnds(() => undefined);
    this.#collections.read();
    this.#collections.stop();
  }

  /** The first look at a stall has its end noted, on the board: the monitor is not told otherwise. */
  #begin(episode: number): void {
    this.#episode = episode;
    this.#collections.stop();
    whenCallbackEnds((isFlood) => {
      if (episode === this.#episode) this.#end(episode, isFlood);
    });
  }

  #end(episode: number, isFlood: boolean): void {
    this.#collections.stop();
    // The heartbeat has told the end of that already.
    if (isFlood) return;
    const instant = now();
    signOfLife(this.#board, instant);
    this.#board.set('markedAt', instant);
    this.#board.raise('markedEpisode', episode);
  }
}

function timed<R>(work: () => R): ProbeTime<R> {
  const from = now();
  const value = work();
  return { value, from, to: now() };
}

function isServing(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.endsWith('ServerWrap'));
}
