/*
 * probe/ runs on top of the blocked frames: the inspector interrupts the watched thread wherever it is, and has it call a probe. No
 * regular expression may run here, and no function of the user's but `ignore`: the thread may be in the middle of a regular
 * expression, and a second one on top of it crashes Node 20 and 22, whose V8 has both share one backtracking stack. A lint rule
 * (eslint.probe.js) keeps it so.
 */
import { showStores } from '../../context/shown-stores.ts';
import { now } from '../../node/clock.ts';
import { observed } from '../../shared/introspection.ts';
import { shared } from '../../shared/shared.ts';
import { SELF_TEST, type Finding, type ProbeTime } from '../protocol/findings.ts';
import { PROBES } from '../protocol/probe-key.ts';
import type { SharedState } from '../protocol/shared-state.ts';
import type { Stall } from '../types.ts';
import { whenCallbackEnds } from './callback-end.ts';
import { StallCollections } from './collections.ts';
import { Profiler } from './profiler.ts';
import { takeStack } from './raw-stack.ts';
import { idleTime, noteSignOfLife } from './sign-of-life.ts';
import { isStartingUp } from './start-up.ts';

/** The probes that the monitors may call on this thread, each by the id of its watchdog. */
export const probes = shared(PROBES, () => new Map<number, Probe>());

export class Probe {
  readonly #sharedState: SharedState;
  readonly #ignore: ((stall: Stall) => boolean) | undefined;
  readonly #collections = new StallCollections();
  readonly #profiler = new Profiler();
  readonly #inspector = process.getBuiltinModule('node:inspector') as typeof import('node:inspector') | undefined;
  #stallId = SELF_TEST;

  constructor(sharedState: SharedState, ignore: ((stall: Stall) => boolean) | undefined) {
    this.#sharedState = sharedState;
    this.#ignore = ignore;
  }

  /** Takes the stack of whatever the thread is stuck in. Returns a `Finding` as JSON. */
  look(stallId: number): string {
    const at = now();
    const frames = takeStack(this.look);
    if (stallId === SELF_TEST) this.#warmUp();
    else if (stallId !== this.#stallId) this.#begin(stallId);
    const finding: Finding = {
      ...{ at, frames, idle: idleTime(), gcMs: this.#collections.read() },
      context: showStores(),
      task: observed.inlineTask ?? observed.contextTask(),
      isDebugged: this.#inspector?.url() !== undefined,
      isStartingUp: isStartingUp(frames),
    };
    return JSON.stringify(finding);
  }

  /** Asks the user's `ignore`; the monitor does so only where V8 bears a regular expression on top of another (`canCallAnything`). */
  ignores(stall: Stall): boolean {
    return this.#ignore?.(stall) === true;
  }

  /** Starts V8's profiler after a call that left no trace. Returns as JSON whether the profiler runs, and how long starting took. */
  startProfiler(): string {
    return JSON.stringify(timed(() => this.#profiler.start()));
  }

  /** Stops the profiler. Returns as JSON what ran most of the time between two instants of `now()`, and how long summing up took. */
  stopProfiler(from: number, to: number): string {
    return JSON.stringify(timed(() => this.#profiler.stop(from, to)));
  }

  stop(): void {
    this.#collections.stop();
    this.#profiler.stop(0, 0);
  }

  /** Runs the other code that the first look at a stall runs: once compiled, that code takes half the time. */
  #warmUp(): void {
    whenCallbackEnds(() => undefined);
    this.#collections.read();
    this.#collections.stop();
  }

  /** The first look at a stall has the end of its callback noted in the shared state: the monitor learns of the end in no other way. */
  #begin(stallId: number): void {
    this.#stallId = stallId;
    this.#collections.stop();
    whenCallbackEnds((isFlood) => {
      if (stallId === this.#stallId) this.#end(stallId, isFlood);
    });
  }

  #end(stallId: number, isFlood: boolean): void {
    this.#collections.stop();
    // The heartbeat has told the end of a flood already.
    if (isFlood) return;
    const instant = now();
    noteSignOfLife(this.#sharedState, instant);
    this.#sharedState.set('callbackEnd', instant);
    this.#sharedState.raise('endedStall', stallId);
  }
}

function timed<R>(work: () => R): ProbeTime<R> {
  const from = now();
  const value = work();
  return { value, from, to: now() };
}
