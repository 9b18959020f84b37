import { now, sleep } from '../../node/clock.ts';
import type { Scheduling, SchedulingReader } from '../protocol/scheduling.ts';
import type { SharedState } from '../protocol/shared-state.ts';
import type { Stall } from '../types.ts';
import { Announcements, type AnnouncementParts } from './announcements.ts';
import type { ProfilerNaming } from './profiler-naming.ts';
import type { StallEvidence } from './stall-evidence.ts';

/** After so many ms an unanswered look is announced: JavaScript answers within one. */
const SILENCE_MS = 20;
/** Looks at a stall come at growing intervals, from this many ms to a second. */
const FIRST_INTERVAL = 10;
const INTERVAL_GROWTH = 1.5;
const MAX_INTERVAL = 1000;
/** How long V8's profiler samples a stall that lasts, in ms. */
const PROFILE_MS = 100;

export interface SamplingSettings {
  readonly threshold: number;
  /** Between two heartbeats, in ms. */
  readonly interval: number;
  /** Whether V8's profiler may be used. */
  readonly sampling: boolean;
}

export interface SamplingParts extends AnnouncementParts {
  readonly sharedState: SharedState;
  readonly profilerNaming: ProfilerNaming;
  readonly scheduling: SchedulingReader;
  /** Whether the probe can be asked. */
  readonly canLook: boolean;
}

/** Follows one stall while it lasts: looks at the watched thread at growing intervals, and announces what is known. */
export class StallSampling {
  readonly evidence: StallEvidence;
  readonly announcements: Announcements;
  readonly #settings: SamplingSettings;
  readonly #parts: SamplingParts;
  /** When the last look began, as long as it has no answer. */
  #askedAt: number | undefined;
  #nextLook = 0;
  #interval = FIRST_INTERVAL;
  #nextSilence = 0;
  #latest: Stall | undefined;
  #profiling: 'not yet' | 'now' | 'done' = 'not yet';
  #isOver = false;

  constructor(evidence: StallEvidence, settings: SamplingSettings, parts: SamplingParts) {
    this.evidence = evidence;
    this.#settings = settings;
    this.#parts = parts;
    this.announcements = new Announcements(parts);
  }

  /** Whether the answer to the last look is still to come. */
  get isAsking(): boolean {
    return this.#askedAt !== undefined;
  }

  /** The stall as far as it is known. */
  get latest(): Stall | undefined {
    return this.#latest;
  }

  /** Undefined while the stall lasts. During a microtask flood only the next heartbeat marks the end. */
  get endedAt(): number | undefined {
    const { sharedState } = this.#parts;
    if (sharedState.flag('endedStall') === this.evidence.id) return sharedState.get('callbackEnd');
    const alive = sharedState.get('alive');
    return alive > this.evidence.since ? alive : undefined;
  }

  /** Stops the announcements. */
  end(): void {
    this.#isOver = true;
  }

  /** @param forMs how long the stall has lasted */
  follow(at: number, forMs: number): void {
    const { threshold, interval } = this.#settings;
    if (forMs < threshold) return;
    // Only an answer tells when the callback began, which may be up to one heartbeat later than it seems.
    const isCertain = this.evidence.looks > 0 || forMs >= threshold + interval;
    if (this.#askedAt === undefined) {
      if (at >= this.#nextLook) this.look(at);
    } else if (isCertain && !this.#parts.profilerNaming.isBusy && at - this.#askedAt >= SILENCE_MS && at >= this.#nextSilence) this.#announceSilence(at);
  }

  look(at: number): void {
    if (!this.#parts.canLook) { this.#announceWithoutLook(at); return; }
    const before = this.#parts.scheduling.read();
    this.#askedAt = at;
    this.#parts.probeClient.look(this.evidence.id).then(
      (finding) => {
        // A thread that got no CPU could not answer.
        this.evidence.add(finding, Math.max(0, finding.at - at - waitedSince(before, this.#parts.scheduling.read())));
        this.#askedAt = undefined;
        if (!this.#isOver) this.#onAnswer();
      },
      () => { this.#askedAt = undefined; },
    );
  }

  /** Without an inspector the stall itself can still be announced. */
  #announceWithoutLook(at: number): void {
    if (this.#scheduleNextLook(at)) this.#announce(at);
  }

  #onAnswer(): void {
    const at = now();
    if (!this.#scheduleNextLook(at) || this.endedAt !== undefined || this.evidence.looks < 2) return;
    if (this.#profiling === 'now') this.#nextLook = at + FIRST_INTERVAL;
    else if (this.#settings.sampling && !this.evidence.hasCulprit && this.#profiling === 'not yet') void this.#profileAndAnnounce();
    else this.#announce(at);
  }

  /** Schedules the next look for when the stall has lasted for the threshold, and then at growing intervals. @returns whether it has lasted for the threshold */
  #scheduleNextLook(at: number): boolean {
    const dueAt = this.evidence.startedAt + this.#settings.threshold;
    this.#nextLook = at >= dueAt ? at + this.#interval : dueAt;
    if (at < dueAt) return false;
    this.#interval = Math.min(MAX_INTERVAL, this.#interval * INTERVAL_GROWTH);
    return true;
  }

  /**
   * Microtasks that go on and on leave no frame and no context between two of them: V8's profiler sees the functions, and looks go
   * on until one of them finds the context.
   */
  async #profileAndAnnounce(): Promise<void> {
    const { profilerNaming } = this.#parts;
    this.#profiling = 'now';
    await profilerNaming.start();
    if (profilerNaming.isProfiling) {
      await sleep(PROFILE_MS);
      const profile = await profilerNaming.name(this.evidence.startedAt, now());
      if (profile !== undefined) this.evidence.addProfile(profile);
    }
    this.#profiling = 'done';
    if (!this.#isOver && this.endedAt === undefined) this.#announce(now());
  }

  /** Announces that the thread does not answer, since an answer may never come. */
  #announceSilence(at: number): void {
    this.#nextSilence = at + MAX_INTERVAL;
    this.#latest = this.#stallAt(at, this.#parts.scheduling.read());
    this.announcements.announceSilence(this.#latest, at);
  }

  #announce(at: number): void {
    if (at - this.evidence.startedAt - this.#parts.profilerNaming.ownMs(this.evidence.startedAt, at) < this.#settings.threshold) return;
    const scheduling = this.#parts.scheduling.read();
    if (this.evidence.isExempt(at, scheduling)) return;
    this.#latest = this.#stallAt(at, scheduling);
    this.announcements.announceStuck(this.#latest, at);
  }

  #stallAt(at: number, scheduling: Scheduling | undefined): Stall {
    return this.evidence.stall(at, scheduling, this.#settings.threshold);
  }
}

/** In ms; 0 on operating systems without these figures. */
function waitedSince(before: Scheduling | undefined, after: Scheduling | undefined): number {
  return before === undefined || after === undefined ? 0 : after.waiting - before.waiting;
}
