
import { sleep } from '../../node/clock.ts';
import type { SharedState } from '../protocol/shared-state.ts';
import type { ProbeClient } from './probe-client.ts';
import { now } from '../protocol/clock.ts';
import type { StallEvidence } from './stall-evidence.ts';
import type { ProfilerNaming } from './profiler-naming.ts';
import type { Scheduling, SchedulingReader } from '../protocol/scheduling.ts';
import { Announcements, type AnnouncementParts } from './announcements.ts';
import type { Stall } from '../types.ts';

/** An unanswered question is mentioned after this many ms: what runs JavaScript answers within one. */
const SILENCE_MS = 20;
/** Looks at a stall come at growing intervals, from this many ms to a second. */
const FIRST_INTERVAL = 10;
const INTERVAL_GROWTH = 1.5;
const MAX_INTERVAL = 1000;
/** How long a stall is sampled while it lasts, in ms. */
const SAMPLE_MS = 100;

export interface SamplingSettings {
  readonly threshold: number;
  /** Of the heartbeat, in ms. */
  readonly interval: number;
  /** Whether calls that leave no trace may be sampled. */
  readonly sampling: boolean;
}

export interface ObservationParts extends AnnouncementParts {
  readonly board: SharedState;
  readonly prober: ProbeClient;
  readonly naming: ProfilerNaming;
  readonly scheduling: SchedulingReader;
  /** Whether the main thread can be asked what it does. */
  readonly canLook: boolean;
}

/** Follows one episode: asks the main thread at growing intervals what it does, and tells what is known. */
export class StallSampling {
  readonly episode: StallEvidence;
  readonly telling: Announcements;
  readonly #settings: SamplingSettings;
  readonly #parts: ObservationParts;
  /** When the main thread was asked, while it has not answered. */
  #askedAt: number | undefined;
  #nextLook = 0;
  #interval = FIRST_INTERVAL;
  #nextSilence = 0;
  #latest: Stall | undefined;
  #sampling: 'not yet' | 'now' | 'done' = 'not yet';
  #isOver = false;

  constructor(episode: StallEvidence, settings: SamplingSettings, parts: ObservationParts) {
    this.episode = episode;
    this.#settings = settings;
    this.#parts = parts;
    this.telling = new Announcements(parts);
  }

  /** The answer to the last question is to come. */
  get isAsking(): boolean {
    return this.#askedAt !== undefined;
  }

  /** What is known so far. */
  get latest(): Stall | undefined {
    return this.#latest;
  }

  /** Undefined while it lasts. Of a flood only the heartbeat tells the end. */
  get endedAt(): number | undefined {
    const { board } = this.#parts;
    if (board.flag('markedEpisode') === this.episode.id) return board.get('markedAt');
    const alive = board.get('alive');
    return alive > this.episode.since ? alive : undefined;
  }

  /** Nothing more is told while it lasts. */
  end(): void {
    this.#isOver = true;
  }

  /** It has lasted for `forMs`. */
  follow(at: number, forMs: number): void {
    const { threshold, interval } = this.#settings;
    if (forMs < threshold) return;
    // When the callback began is known only once it answers: up to a beat later than it seems.
    const isCertain = this.episode.looks > 0 || forMs >= threshold + interval;
    if (this.#askedAt === undefined) {
      if (at >= this.#nextLook) this.look(at);
    } else if (isCertain && !this.#parts.naming.isBusy && at - this.#askedAt >= SILENCE_MS && at >= this.#nextSilence) this.#tellSilence(at);
  }

  look(at: number): void {
    if (!this.#parts.canLook) { this.#tellUnseen(at); return; }
    const before = this.#parts.scheduling.read();
    this.#askedAt = at;
    this.#parts.prober.look(this.episode.id).then(
      (finding) => {
        // A thread that got no CPU could not answer.
        this.episode.add(finding, Math.max(0, finding.at - at - waitedSince(before, this.#parts.scheduling.read())));
        this.#askedAt = undefined;
        if (!this.#isOver) this.#answered();
      },
      () => { this.#askedAt = undefined; },
    );
  }

  /** Without an inspector there is still to be said that it is stuck. */
  #tellUnseen(at: number): void {
    if (this.#scheduleNextLook(at)) this.#tell(at);
  }

  #answered(): void {
    const at = now();
    if (!this.#scheduleNextLook(at) || this.endedAt !== undefined || this.episode.looks < 2) return;
    if (this.#sampling === 'now') this.#nextLook = at + FIRST_INTERVAL;
    else if (this.#settings.sampling && this.episode.isFaceless && this.#sampling === 'not yet') void this.#sampleAndTell();
    else this.#tell(at);
  }

  /** The next look is when the stall has lasted for the threshold, and then at growing intervals. @returns whether it has lasted for the threshold */
  #scheduleNextLook(at: number): boolean {
    const dueAt = this.episode.startedAt + this.#settings.threshold;
    this.#nextLook = at >= dueAt ? at + this.#interval : dueAt;
    if (at < dueAt) return false;
    this.#interval = Math.min(MAX_INTERVAL, this.#interval * INTERVAL_GROWTH);
    return true;
  }

  /**
   * Microtasks that go on and on leave nothing on the stack between two of them, nor a context: the profiler sees the
   * functions, and looks go on until one of them comes upon the context.
   */
  async #sampleAndTell(): Promise<void> {
    const { naming } = this.#parts;
    this.#sampling = 'now';
    await naming.start();
    if (naming.isSampling) {
      await sleep(SAMPLE_MS);
      const sampled = await naming.name(this.episode.startedAt, now());
      if (sampled !== undefined) this.episode.nameBy(sampled);
    }
    this.#sampling = 'done';
    if (!this.#isOver && this.endedAt === undefined) this.#tell(now());
  }

  /** It does not answer; if it never does, this is all there will be. */
  #tellSilence(at: number): void {
    this.#nextSilence = at + MAX_INTERVAL;
    this.#latest = this.#stallAt(at, this.#parts.scheduling.read());
    this.telling.silence(this.#latest, at);
  }

  #tell(at: number): void {
    if (at - this.episode.startedAt - this.#parts.naming.ownMs(this.episode.startedAt, at) < this.#settings.threshold) return;
    const scheduling = this.#parts.scheduling.read();
    if (this.episode.isNobodysFault(at, scheduling)) return;
    this.#latest = this.#stallAt(at, scheduling);
    this.telling.stuck(this.#latest, at);
  }

  #stallAt(at: number, scheduling: Scheduling | undefined): Stall {
    return this.episode.stall(at, scheduling, this.#settings.threshold);
  }
}

/** In ms; 0 where the operating system does not tell. */
function waitedSince(before: Scheduling | undefined, after: Scheduling | undefined): number {
  return before === undefined || after === undefined ? 0 : after.waiting - before.waiting;
}
