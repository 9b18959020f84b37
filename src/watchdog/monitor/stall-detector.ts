import type { SharedState } from '../protocol/shared-state.ts';
import type { ProbeClient } from './probe-client.ts';
import { now, toEpoch } from '../protocol/clock.ts';
import { StallEvidence } from './stall-evidence.ts';
import { PauseDetector, type MonitorPause } from './monitor-pause.ts';
import { ProfilerNaming } from './profiler-naming.ts';
import { StallSampling, type SamplingSettings } from './stall-sampling.ts';
import { SchedulingReader, type Scheduling } from '../protocol/scheduling.ts';
import { unseenStall } from '../unseen-stall.ts';
import { Announcements, type AnnouncementParts } from './announcements.ts';
import { stallKinds } from '../stall-kinds.ts';
import type { Stall } from '../types.ts';

/** How often the monitor looks at the board while something is wrong, in ms. */
const FAST_TICK = 5;
/** How long the end of a process waits for the report of what it was stuck in, in ms. */
const LAST_WORDS_MS = 500;

export interface DetectorSettings extends SamplingSettings {
  readonly abortAfter: number | undefined;
  /** The watched thread's folder under /proc. */
  readonly thread: string | undefined;
}

export interface DetectorParts extends AnnouncementParts {
  readonly board: SharedState;
  readonly prober: ProbeClient;
  /** A stall is over; it may still have to be said. */
  emit(stall: Stall, isSaid: boolean): void;
  abort(): void;
}

/** What is stuck right now. */
export interface Stuck {
  /** Epoch ms. */
  readonly since: number;
  readonly forMs: number;
  readonly stall: Stall | undefined;
}

/** A stall that is over. */
interface Closed extends Pick<StallSampling, 'episode' | 'telling'> {
  readonly endedAt: number;
  readonly scheduling: Scheduling | undefined;
}

/** Looks at the heartbeat, and follows each stall from the first suspicion to its end. */
export class StallDetector {
  readonly #settings: DetectorSettings;
  readonly #parts: DetectorParts;
  readonly #board: SharedState;
  readonly #scheduling: SchedulingReader;
  readonly #gap: PauseDetector;
  readonly #naming: ProfilerNaming;
  /** Unknown until the self-test is over: till then the process starts up. */
  #canLook: boolean | undefined;
  /** What lies before is not the main thread's fault. */
  #notBefore = 0;
  #episodes = 0;
  #current: StallSampling | undefined;
  /** Over, but not yet named. */
  readonly #unnamed = new Set<Closed>();
  #isAborting = false;

  constructor(settings: DetectorSettings, parts: DetectorParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#board = parts.board;
    this.#scheduling = new SchedulingReader(settings.thread);
    this.#gap = new PauseDetector(settings.threshold);
    this.#naming = new ProfilerNaming(parts.prober);
  }

  set canLook(can: boolean) {
    this.#canLook = can;
  }

  /** ms until the next tick. */
  get pace(): number {
    return this.#current === undefined ? this.#settings.interval : FAST_TICK;
  }

  /** Undefined while the loop turns. */
  get stuck(): Stuck | undefined {
    const since = this.#current?.episode.startedAt ?? this.#since;
    const forMs = now() - since;
    return since === 0 || forMs < this.#settings.threshold ? undefined : { since: toEpoch(since), forMs, stall: this.#current?.latest };
  }

  get isExpected(): boolean {
    return this.#board.flag('expected') > 0;
  }

  /** Nothing is under way. */
  get isSettled(): boolean {
    return this.#current === undefined && this.#unnamed.size === 0;
  }

  /** The answer to the last question is to come. */
  get isAsking(): boolean {
    return this.#current?.isAsking === true;
  }

  tick(): void {
    const at = now();
    const gap = this.#gap.tick(at, this.pace);
    if (gap !== undefined) this.#tellGap(gap);
    this.#naming.tick(at);
    if (this.#board.get('alive') === 0 || this.#canLook === undefined) return;
    if (this.isExpected) this.#drop();
    else if (this.#current !== undefined) this.#follow(this.#current, at);
    else this.#suspect(at, this.#canLook);
  }

  /** The process ends: what is under way is told as far as it is known. */
  flush(): void {
    const current = this.#current;
    // A loop that has nothing left to do may wait for V8's own threads before it ends, which is nobody's fault.
    if (current?.episode.isFaceless === true) this.#drop();
    else if (current !== undefined) this.#close(current, current.endedAt ?? now());
    for (const closed of this.#unnamed) this.#finish(closed);
  }

  /** The process is about to be ended in the middle of a stall, which counts all the same. */
  giveUp(): void {
    if (this.#current === undefined) return;
    const { episode } = this.#current;
    this.#parts.emit(this.#stallOf({ episode, endedAt: now(), scheduling: this.#scheduling.read() }), true);
    this.#excuse(Infinity);
  }

  stop(): void {
    this.#scheduling.close();
    this.#gap.close();
  }

  get #since(): number {
    return Math.max(this.#board.get('alive'), this.#notBefore);
  }

  /** Half the threshold is reason enough to look: two looks at one callback show that it is one. */
  #suspect(at: number, canLook: boolean): void {
    const since = this.#since;
    if (at - since < this.#settings.threshold / 2) return;
    const episode = new StallEvidence(++this.#episodes, { since, idle: this.#board.get('idle'), askedAt: at, scheduling: this.#scheduling.read(), canLook });
    this.#current = new StallSampling(episode, this.#settings, { ...this.#parts, naming: this.#naming, scheduling: this.#scheduling, canLook });
    this.#current.look(at);
  }

  #follow(current: StallSampling, at: number): void {
    const { endedAt } = current;
    if (endedAt !== undefined) {
      // The answer to the last question is still to come: it is what tells most.
      if (!current.isAsking || at - endedAt > this.#settings.threshold) this.#close(current, endedAt);
      return;
    }
    const forMs = at - current.episode.startedAt;
    current.follow(at, forMs);
    this.#abortWhenDue(current, forMs);
  }

  #abortWhenDue({ telling }: StallSampling, forMs: number): void {
    const { abortAfter = Infinity } = this.#settings;
    if (forMs < abortAfter || this.#isAborting || telling.isIgnored) return;
    // First what it is stuck in.
    if (!telling.hasNamed && forMs < abortAfter + LAST_WORDS_MS) return;
    this.#isAborting = true;
    this.#parts.abort();
  }

  #close({ episode, telling }: StallSampling, endedAt: number): void {
    this.#drop();
    const { threshold, sampling } = this.#settings;
    const scheduling = this.#scheduling.read();
    const { startedAt } = episode;
    const isStall = endedAt - startedAt - this.#naming.ownMs(startedAt, endedAt) >= threshold && episode.isOneCallback(endedAt, threshold);
    if (!isStall || telling.isIgnored || episode.isNobodysFault(endedAt, scheduling)) return;
    const closed = { episode, telling, endedAt, scheduling };
    if (sampling && isUnnamed(this.#stallOf(closed))) void this.#nameAndFinish(closed);
    else this.#finish(closed);
  }

  /** The sampling that began after the last one tells what ran; if there was none, it begins now. */
  async #nameAndFinish(closed: Closed): Promise<void> {
    const { episode, endedAt } = closed;
    this.#unnamed.add(closed);
    const sampled = this.#naming.isSampling ? await this.#naming.name(episode.startedAt, endedAt) : undefined;
    if (sampled !== undefined) episode.nameBy(sampled);
    if (this.#unnamed.has(closed)) this.#finish(closed);
    await this.#naming.start();
  }

  #finish(closed: Closed): void {
    this.#unnamed.delete(closed);
    const stall = this.#stallOf(closed);
    this.#parts.emit(stall, closed.telling.ended(stall, now()));
  }

  #stallOf({ episode, endedAt, scheduling }: Pick<Closed, 'episode' | 'endedAt' | 'scheduling'>): Stall {
    return episode.stall(endedAt, scheduling, this.#settings.threshold);
  }

  #drop(): void {
    this.#current?.end();
    this.#current = undefined;
  }

  #excuse(at: number): void {
    this.#drop();
    this.#notBefore = at;
  }

  #tellGap({ began, ended, kind }: MonitorPause): void {
    if (kind === 'suspended') {
      this.#excuse(ended);
      this.#tellUnseen(began, ended, kind);
      return;
    }
    // What lasts is followed on: the scheduler's figures tell what it lacked. What is over, the heartbeat has noted.
    const [from, to] = [this.#board.get('lateFrom'), this.#board.get('lateTo')];
    if (this.#current === undefined && to > began) this.#tellUnseen(from, to, kind);
  }

  #tellUnseen(began: number, ended: number, kind: MonitorPause['kind']): void {
    if (this.#board.get('alive') === 0 || this.isExpected) return;
    const stall = unseenStall(began, ended, kind);
    this.#parts.emit(stall, new Announcements(this.#parts).ended(stall, ended));
  }
}

/**
 * A native call that was the last thing its function did: only a caller of it could be seen, if anything. Or a flood of
 * microtasks.
 */
function isUnnamed({ confidence, kind, call, culprit }: Stall): boolean {
  if (stallKinds[kind].withoutCulprit !== undefined) return false;
  return confidence === 'at-return' ? call === undefined : confidence === 'live' && culprit === undefined;
}
