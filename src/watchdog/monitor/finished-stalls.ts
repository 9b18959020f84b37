import { now } from '../../node/clock.ts';
import type { Scheduling } from '../protocol/scheduling.ts';
import { stallKinds } from '../stall-kinds.ts';
import type { Stall } from '../types.ts';
import type { ProfilerNaming } from './profiler-naming.ts';
import type { StallSampling } from './stall-sampling.ts';

/** A stall that is over. */
export interface FinishedStall extends Pick<StallSampling, 'evidence' | 'announcements'> {
  readonly endedAt: number;
  readonly scheduling: Scheduling | undefined;
}

/** Passes each stall on once it is over; a stall without a trace only after V8's profiler has named it, where that is possible. */
export class FinishedStalls {
  readonly #settings: { readonly threshold: number; readonly sampling: boolean };
  readonly #profilerNaming: ProfilerNaming;
  readonly #emit: (stall: Stall, isLogged: boolean) => void;
  readonly #unnamed = new Set<FinishedStall>();

  constructor(settings: { readonly threshold: number; readonly sampling: boolean }, profilerNaming: ProfilerNaming, emit: (stall: Stall, isLogged: boolean) => void) {
    this.#settings = settings;
    this.#profilerNaming = profilerNaming;
    this.#emit = emit;
  }

  get isEmpty(): boolean {
    return this.#unnamed.size === 0;
  }

  add(finished: FinishedStall): void {
    if (this.#settings.sampling && hasNoTrace(this.#stallOf(finished))) void this.#nameAndPassOn(finished);
    else this.#passOn(finished);
  }

  /** Passes on what is still to be named, as it is. */
  flush(): void {
    for (const finished of this.#unnamed) this.#passOn(finished);
  }

  /** Asks the profiler, if it ran during the stall, and starts it for the next stall. */
  async #nameAndPassOn(finished: FinishedStall): Promise<void> {
    const { evidence, endedAt } = finished;
    this.#unnamed.add(finished);
    const profile = this.#profilerNaming.isProfiling ? await this.#profilerNaming.name(evidence.startedAt, endedAt) : undefined;
    if (profile !== undefined) evidence.addProfile(profile);
    if (this.#unnamed.has(finished)) this.#passOn(finished);
    await this.#profilerNaming.start();
  }

  #passOn(finished: FinishedStall): void {
    this.#unnamed.delete(finished);
    const stall = this.#stallOf(finished);
    this.#emit(stall, finished.announcements.announceEnd(stall, now()));
  }

  #stallOf({ evidence, endedAt, scheduling }: FinishedStall): Stall {
    return evidence.stall(endedAt, scheduling, this.#settings.threshold);
  }
}

/** Whether only a caller of the blocking function could be seen, if anything: a native call that was the last thing its function did, or a flood of microtasks. */
function hasNoTrace({ confidence, kind, call, culprit }: Stall): boolean {
  if (stallKinds[kind].withoutCulprit !== undefined) return false;
  return confidence === 'at-return' ? call === undefined : confidence === 'live' && culprit === undefined;
}
