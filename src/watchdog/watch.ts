import { setTimeout as sleep } from 'node:timers/promises';

import type { Board } from './board.ts';
import type { Prober } from './capture.ts';
import { now, toEpoch } from './clock.ts';
import { Episode } from './episode.ts';
import { OwnGap } from './gap.ts';
import { Naming } from './naming.ts';
import { SchedulingReader, type Scheduling } from './scheduling.ts';
import { Telling, type TellingParts } from './telling.ts';
import type { Stall } from './types.ts';

/** How often the monitor looks at the board while something is wrong, in ms. */
const FAST_TICK = 5;
/** An unanswered question is mentioned after this many ms: what runs JavaScript answers within one. */
const SILENCE_MS = 20;
/** Looks at a stall come at growing intervals, from this many ms to a second. */
const FIRST_INTERVAL = 10;
const INTERVAL_GROWTH = 1.5;
const MAX_INTERVAL = 1000;
/** How long the end of a process waits for the report of what it was stuck in, in ms. */
const LAST_WORDS_MS = 500;
/** How long a stall is sampled while it lasts, in ms. */
const SAMPLE_MS = 100;

export interface WatchSettings {
  readonly threshold: number;
  /** Of the heartbeat, in ms. */
  readonly interval: number;
  readonly abortAfter: number | undefined;
  /** The watched thread's folder under /proc. */
  readonly thread: string | undefined;
  /** Whether calls that leave no trace may be sampled. */
  readonly sampling: boolean;
}

export interface WatchParts extends TellingParts {
  readonly board: Board;
  readonly prober: Prober;
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

/** A stall under observation. */
interface Current {
  readonly episode: Episode;
  readonly telling: Telling;
  /** When the main thread was asked, while it has not answered. */
  askedAt: number | undefined;
  nextLook: number;
  interval: number;
  latest: Stall | undefined;
  hasSampled: boolean;
  /** The profiler was being started or stopped, which stops the thread, too. */
  isOurs: boolean;
}

/** A stall that is over. */
interface Closed extends Pick<Current, 'episode' | 'telling'> {
  readonly endedAt: number;
  readonly scheduling: Scheduling | undefined;
}

/** Looks at the heartbeat, and follows each stall from the first suspicion to its end. */
export class Watch {
  readonly #settings: WatchSettings;
  readonly #parts: WatchParts;
  readonly #board: Board;
  readonly #scheduling: SchedulingReader;
  readonly #gap: OwnGap;
  readonly #naming: Naming;
  /** Unknown until the self-test is over: till then the process starts up. */
  #canLook: boolean | undefined;
  /** What lies before is not the main thread's fault. */
  #notBefore = 0;
  #episodes = 0;
  #current: Current | undefined;
  /** Over, but not yet named. */
  readonly #unnamed = new Set<Closed>();
  #isAborting = false;

  constructor(settings: WatchSettings, parts: WatchParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#board = parts.board;
    this.#scheduling = new SchedulingReader(settings.thread);
    this.#gap = new OwnGap(settings.threshold);
    this.#naming = new Naming(parts.prober);
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

  tick(): void {
    const at = now();
    const gap = this.#gap.tick(at, this.pace);
    if (gap !== undefined) this.#tellGap(gap, at);
    this.#naming.tick(at);
    if (this.#board.get('alive') === 0 || this.#canLook === undefined) return;
    if (this.isExpected) this.#current = undefined;
    else if (this.#current !== undefined) this.#follow(this.#current, at);
    else this.#suspect(at);
  }

  /** The answer to the last question is to come. */
  get isAsking(): boolean {
    return this.#current?.askedAt !== undefined;
  }

  /** The process ends: what is under way is told as far as it is known. */
  flush(): void {
    const current = this.#current;
    // A loop that has nothing left to do may wait for V8's own threads before it ends, which is nobody's fault.
    if (current?.episode.isFaceless === true) this.#current = undefined;
    else if (current !== undefined) this.#close(current, this.#endOf(current.episode) ?? now());
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
  #suspect(at: number): void {
    const since = this.#since;
    if (at - since < this.#settings.threshold / 2) return;
    const episode = new Episode(++this.#episodes, { since, idle: this.#board.get('idle'), askedAt: at, scheduling: this.#scheduling.read() });
    this.#current = { episode, telling: new Telling(this.#parts), askedAt: undefined, nextLook: 0, interval: FIRST_INTERVAL, latest: undefined, hasSampled: false, isOurs: this.#naming.isBusy };
    this.#look(this.#current, at);
  }

  #follow(current: Current, at: number): void {
    const { episode, telling, askedAt } = current;
    const endedAt = this.#endOf(episode);
    if (endedAt !== undefined) {
      // The answer to the last question is still to come: it is what tells most.
      if (askedAt === undefined || at - endedAt > this.#settings.threshold) this.#close(current, endedAt);
      return;
    }
    const forMs = at - episode.startedAt;
    if (forMs < this.#settings.threshold) return;
    // When the callback began is known only once it answers: up to a beat later than it seems.
    const isCertain = episode.looks > 0 || forMs >= this.#settings.threshold + this.#settings.interval;
    if (isCertain && !current.isOurs && askedAt !== undefined && at - askedAt >= SILENCE_MS) telling.silence(forMs, at);
    if (askedAt === undefined && at >= current.nextLook) this.#look(current, at);
    this.#abortWhenDue(current, forMs);
  }

  /** Undefined while it lasts. Of a flood only the heartbeat tells the end. */
  #endOf(episode: Episode): number | undefined {
    if (this.#board.flag('markedEpisode') === episode.id) return this.#board.get('markedAt');
    const alive = this.#board.get('alive');
    return alive > episode.since ? alive : undefined;
  }

  #look(current: Current, at: number): void {
    if (this.#canLook !== true) { this.#tellUnseen(current, at); return; }
    current.askedAt = at;
    this.#parts.prober.look(current.episode.id).then(
      (finding) => {
        current.episode.add(finding, finding.at - at);
        current.askedAt = undefined;
        if (current === this.#current) this.#answered(current);
      },
      () => { current.askedAt = undefined; },
    );
  }

  /** Without an inspector there is still to be said that it is stuck. */
  #tellUnseen(current: Current, at: number): void {
    const isDue = at - current.episode.startedAt >= this.#settings.threshold;
    current.nextLook = isDue ? at + current.interval : current.episode.startedAt + this.#settings.threshold;
    if (!isDue) return;
    current.interval = Math.min(MAX_INTERVAL, current.interval * INTERVAL_GROWTH);
    this.#tell(current, at);
  }

  #answered(current: Current): void {
    const at = now();
    const { episode } = current;
    const isDue = at - episode.startedAt >= this.#settings.threshold;
    current.nextLook = isDue ? at + current.interval : episode.startedAt + this.#settings.threshold;
    if (!isDue || this.#endOf(episode) !== undefined) return;
    current.interval = Math.min(MAX_INTERVAL, current.interval * INTERVAL_GROWTH);
    if (episode.looks < 2) return;
    if (this.#settings.sampling && episode.isFaceless && !current.hasSampled) void this.#sampleAndTell(current);
    else this.#tell(current, at);
  }

  /** Microtasks that go on and on leave nothing on the stack between two of them; the profiler sees them. */
  async #sampleAndTell(current: Current): Promise<void> {
    current.hasSampled = true;
    current.nextLook = Infinity;
    await this.#naming.start();
    if (this.#naming.isSampling) {
      await sleep(SAMPLE_MS);
      const sampled = await this.#naming.name(current.episode.startedAt, now());
      if (sampled !== undefined) current.episode.nameBy(sampled);
    }
    current.nextLook = now();
    if (current === this.#current && this.#endOf(current.episode) === undefined) this.#tell(current, now());
  }

  #tell(current: Current, at: number): void {
    const { episode, telling } = current;
    const scheduling = this.#scheduling.read();
    if (episode.isNobodysFault(at, scheduling)) return;
    current.latest = this.#stallOf({ episode, endedAt: at, scheduling });
    telling.stuck(current.latest, at);
  }

  #stallOf({ episode, endedAt, scheduling }: Pick<Closed, 'episode' | 'endedAt' | 'scheduling'>): Stall {
    return episode.stall(endedAt, scheduling, this.#settings.threshold);
  }

  #abortWhenDue({ telling }: Current, forMs: number): void {
    const { abortAfter = Infinity } = this.#settings;
    if (forMs < abortAfter || this.#isAborting || telling.isIgnored) return;
    // First what it is stuck in.
    if (!telling.hasNamed && forMs < abortAfter + LAST_WORDS_MS) return;
    this.#isAborting = true;
    this.#parts.abort();
  }

  #close({ episode, telling, isOurs }: Current, endedAt: number): void {
    this.#current = undefined;
    const { threshold, sampling } = this.#settings;
    const scheduling = this.#scheduling.read();
    const isStall = endedAt - episode.startedAt >= threshold && episode.isOneCallback(endedAt, threshold);
    if (!isStall || telling.isIgnored || episode.isNobodysFault(endedAt, scheduling)) return;
    const closed = { episode, telling, endedAt, scheduling };
    if (isOurs && this.#stallOf(closed).culprit === undefined) return;
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

  #excuse(at: number): void {
    this.#current = undefined;
    this.#notBefore = at;
  }

  #tellGap(stall: Stall, at: number): void {
    this.#excuse(at);
    if (this.#board.get('alive') === 0 || this.isExpected) return;
    this.#parts.emit(stall, new Telling(this.#parts).ended(stall, at));
  }
}

/**
 * A native call that was the last thing its function did: only a caller of it could be seen, if anything. Or a flood of
 * microtasks.
 */
function isUnnamed({ confidence, kind, call, culprit }: Stall): boolean {
  if (kind !== 'native' && kind !== 'blocking-io' && kind !== 'javascript') return false;
  return confidence === 'at-return' ? call === undefined : confidence === 'live' && culprit === undefined;
}
