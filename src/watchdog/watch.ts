import { advise } from './advise.ts';
import type { Board } from './board.ts';
import type { Prober } from './capture.ts';
import { now, toEpoch } from './clock.ts';
import { Episode } from './episode.ts';
import type { StallLog } from './log.ts';
import { SchedulingReader, type Scheduling } from './scheduling.ts';
import type { Stall } from './types.ts';

/** How often the monitor looks at the board while something is wrong, in ms. */
export const FAST_TICK = 5;
/** An unanswered question is mentioned after this many ms: what runs JavaScript answers within one. */
const SILENCE_MS = 20;
/** Looks at a stall come at growing intervals, from this many ms to a second. */
const FIRST_INTERVAL = 10;
const INTERVAL_GROWTH = 1.5;
/** "Still stuck", at multiples of ten of these ms. */
const FIRST_REMINDER = 1000;
/** How often the scheduler's figures are read while all is well, in ms. */
const SCHEDULING_EVERY = 1000;

export interface WatchSettings {
  readonly threshold: number;
  readonly interval: number;
  readonly abortAfter: number | undefined;
  readonly hasIgnore: boolean;
}

export interface WatchParts {
  readonly prober: Prober;
  readonly log: StallLog;
  /** A stall is over. */
  emit(stall: Stall): void;
  /** What is known of a stall that is not over. */
  progress(stall: Stall): void;
  abort(): void;
}

/** What is stuck right now. */
export interface Stuck {
  readonly since: number;
  readonly forMs: number;
  readonly stall: Stall | undefined;
}

interface Closed {
  readonly episode: Episode;
  readonly endedAt: number;
  readonly scheduling: Scheduling | undefined;
  readonly wasTold: boolean;
  /** The beats after it bring the news of collections, which come late. */
  readonly finishAt: number;
}

/** Looks at the heartbeat, and follows each stall from the first suspicion to its end. */
export class Watch {
  readonly #board: Board;
  readonly #settings: WatchSettings;
  readonly #prober: Prober;
  readonly #log: StallLog;
  readonly #parts: WatchParts;
  readonly #scheduling = new SchedulingReader();
  readonly #ownScheduling = new SchedulingReader('/proc/thread-self/schedstat');
  #canLook = false;
  #lastTick = now();
  /** What lies before is not the main thread's fault, or has been dealt with. */
  #notBefore = 0;
  #episodes = 0;
  #episode: Episode | undefined;
  #askedAt: number | undefined;
  #nextLook = 0;
  #lookInterval = FIRST_INTERVAL;
  #told: 'nothing' | 'silent' | 'stuck' = 'nothing';
  #nextReminder = FIRST_REMINDER;
  #isAborting = false;
  #isIgnored = false;
  #latest: Stall | undefined;
  #closed: Closed[] = [];
  #ownBefore: { at: number; figures: Scheduling | undefined };

  constructor(board: Board, settings: WatchSettings, parts: WatchParts) {
    this.#board = board;
    this.#settings = settings;
    this.#prober = parts.prober;
    this.#log = parts.log;
    this.#parts = parts;
    this.#ownBefore = { at: now(), figures: this.#ownScheduling.read() };
  }

  set canLook(can: boolean) {
    this.#canLook = can;
  }

  /** ms until the next tick. */
  get pace(): number {
    return this.#episode === undefined && this.#closed.length === 0 ? this.#settings.interval : FAST_TICK;
  }

  /** Undefined while the loop turns. */
  get stuck(): Stuck | undefined {
    const since = this.#since;
    const forMs = now() - (this.#episode?.startedAt ?? since);
    return since === 0 || forMs < this.#settings.threshold ? undefined : { since: toEpoch(now() - forMs), forMs, stall: this.#latest };
  }

  get isExpected(): boolean {
    return this.#board.flag('expected') > 0;
  }

  tick(): void {
    const at = now();
    this.#noticeOwnGap(at);
    this.#finishClosed(at);
    if (this.#board.get('alive') === 0) return;
    if (this.isExpected) { this.#forget(); return; }
    if (this.#episode === undefined) this.#suspect(at);
    else this.#follow(this.#episode, at);
  }

  /** The process ends: what is under way is told as far as it is known. */
  flush(): void {
    const at = now();
    if (this.#episode !== undefined) this.#close(this.#episode, this.#endOf(this.#episode) ?? at);
    this.#finishClosed(Infinity);
  }

  stop(): void {
    this.#scheduling.close();
    this.#ownScheduling.close();
  }

  get #since(): number {
    return Math.max(this.#board.get('alive'), this.#notBefore);
  }

  /** Half the threshold is reason enough to look: two looks at one callback show that it is one. */
  #suspect(at: number): void {
    const since = this.#since;
    if (at - since < this.#settings.threshold / 2) return;
    const [idle, gcMs] = [this.#board.get('idle'), this.#board.get('gcMs')];
    this.#episode = new Episode(++this.#episodes, { since, idle, gcMs, askedAt: at, scheduling: this.#scheduling.read() });
    this.#lookInterval = FIRST_INTERVAL;
    this.#nextReminder = FIRST_REMINDER;
    this.#told = 'nothing';
    this.#isIgnored = false;
    this.#latest = undefined;
    this.#look(this.#episode, at);
  }

  #follow(episode: Episode, at: number): void {
    const endedAt = this.#endOf(episode);
    if (endedAt !== undefined) {
      // The answer to the last question is still to come: it is what tells most.
      if (this.#askedAt === undefined || at - endedAt > this.#settings.threshold) this.#close(episode, endedAt);
      return;
    }
    if (at - episode.startedAt < this.#settings.threshold) return;
    if (this.#askedAt === undefined) { if (at >= this.#nextLook) this.#look(episode, at); }
    else if (at - this.#askedAt >= SILENCE_MS) this.#tellSilence(episode, at);
    this.#abortWhenDue(at - episode.startedAt);
  }

  /** Undefined while it lasts. Of a flood only the heartbeat tells the end. */
  #endOf(episode: Episode): number | undefined {
    if (this.#board.flag('markedEpisode') === episode.id) return this.#board.get('markedAt');
    const alive = this.#board.get('alive');
    return alive > episode.since ? alive : undefined;
  }

  #look(episode: Episode, at: number): void {
    if (!this.#canLook) { this.#nextLook = Infinity; return; }
    this.#askedAt = at;
    this.#prober.look(episode.id).then(
      (finding) => {
        episode.add(finding, finding.at - at);
        if (episode === this.#episode) this.#answered(episode);
      },
      () => { if (episode === this.#episode) this.#askedAt = undefined; },
    );
  }

  #answered(episode: Episode): void {
    const at = now();
    this.#askedAt = undefined;
    this.#nextLook = Math.max(at + this.#lookInterval, episode.startedAt + this.#settings.threshold);
    if (this.#endOf(episode) !== undefined || at - episode.startedAt < this.#settings.threshold) return;
    this.#lookInterval = Math.min(1000, this.#lookInterval * INTERVAL_GROWTH);
    this.#nextLook = at + this.#lookInterval;
    if (episode.looks > 1) this.#tell(episode, at);
  }

  #tell(episode: Episode, at: number): void {
    const scheduling = this.#scheduling.read();
    if (episode.isLoading || episode.isPaused(at, scheduling)) return;
    const stall = episode.stall(at, scheduling, this.#board.get('gcMs'), this.#settings.threshold);
    const isFirst = this.#told !== 'stuck';
    this.#latest = stall;
    if (isFirst && this.#settings.hasIgnore) this.#askWhetherIgnored(episode, stall);
    else this.#say(stall, isFirst, at);
  }

  #askWhetherIgnored(episode: Episode, stall: Stall): void {
    this.#told = 'stuck';
    this.#prober.ignores(stall).then(
      (isIgnored) => {
        if (episode !== this.#episode) return;
        this.#isIgnored = isIgnored;
        this.#say(stall, true, now());
      },
      () => { if (episode === this.#episode) this.#say(stall, true, now()); },
    );
  }

  #say(stall: Stall, isFirst: boolean, at: number): void {
    this.#told = 'stuck';
    if (this.#isIgnored) return;
    this.#parts.progress(stall);
    if (isFirst) this.#log.stuck(stall, at);
    else if (stall.duration >= this.#nextReminder) {
      this.#nextReminder = Math.max(this.#nextReminder * 10, FIRST_REMINDER);
      this.#log.stillStuck(stall, at);
    }
  }

  #tellSilence(episode: Episode, at: number): void {
    if (this.#told !== 'nothing' || this.#settings.hasIgnore) return;
    this.#told = 'silent';
    this.#log.silent(at - episode.startedAt, at);
  }

  #abortWhenDue(forMs: number): void {
    const { abortAfter } = this.#settings;
    if (abortAfter === undefined || forMs < abortAfter || this.#isAborting || this.#isIgnored) return;
    this.#isAborting = true;
    this.#parts.abort();
  }

  #close(episode: Episode, endedAt: number): void {
    const wasTold = this.#told === 'stuck';
    const isIgnored = this.#isIgnored;
    this.#forget();
    const scheduling = this.#scheduling.read();
    if (endedAt - episode.startedAt < this.#settings.threshold || isIgnored) return;
    if (!episode.isOneCallback(endedAt, this.#settings.threshold) || episode.isLoading || episode.isPaused(endedAt, scheduling)) return;
    this.#closed.push({ episode, endedAt, scheduling, wasTold, finishAt: endedAt + 2 * this.#settings.interval });
  }

  #finishClosed(at: number): void {
    const due = this.#closed.filter(({ finishAt }) => finishAt <= at);
    if (due.length === 0) return;
    this.#closed = this.#closed.filter(({ finishAt }) => finishAt > at);
    for (const { episode, endedAt, scheduling, wasTold } of due) {
      const stall = episode.stall(endedAt, scheduling, this.#board.get('gcMs'), this.#settings.threshold);
      this.#log.ended(stall, wasTold, now());
      this.#parts.emit(stall);
    }
  }

  #forget(): void {
    this.#episode = undefined;
    this.#askedAt = undefined;
    this.#latest = undefined;
  }

  /** The monitor itself stood still, so the main thread is not to blame for what happened meanwhile. */
  #noticeOwnGap(at: number): void {
    const gap = at - this.#lastTick - this.pace;
    const began = this.#lastTick;
    this.#lastTick = at;
    const figures = at - this.#ownBefore.at >= SCHEDULING_EVERY || gap >= this.#settings.threshold ? this.#ownScheduling.read() : undefined;
    if (gap >= this.#settings.threshold) this.#tellGap(began, at, (figures?.waiting ?? 0) - (this.#ownBefore.figures?.waiting ?? 0));
    if (figures !== undefined) this.#ownBefore = { at, figures };
  }

  #tellGap(began: number, at: number, waitingMs: number): void {
    this.#forget();
    this.#notBefore = at;
    if (this.#board.get('alive') === 0 || this.isExpected) return;
    const stall = gapStall(began, at, waitingMs >= (at - began) / 2);
    this.#log.ended(stall, false, at);
    this.#parts.emit(stall);
  }
}

function gapStall(began: number, at: number, isStarved: boolean): Stall {
  const stall = {
    ...{ startedAt: toEpoch(began), duration: Math.round((at - began) * 10) / 10, kind: isStarved ? 'starved' : 'suspended' },
    ...{ confidence: 'none', samples: [], context: {} },
  } as const satisfies Omit<Stall, 'advice' | 'samples'> & { samples: [] };
  return { ...stall, samples: [], advice: advise({ ...stall, samples: [] }) };
}
