import { now, toEpoch } from '../../node/clock.ts';
import { SchedulingReader } from '../protocol/scheduling.ts';
import type { SharedState } from '../protocol/shared-state.ts';
import { unseenStall } from '../report/unseen-stall.ts';
import type { Stall, Stuck } from '../types.ts';
import { Announcements, type AnnouncementParts } from './announcements.ts';
import { FinishedStalls } from './finished-stalls.ts';
import { PauseDetector, type MonitorPause } from './monitor-pause.ts';
import { ProfilerNaming } from './profiler-naming.ts';
import { StallEvidence } from './stall-evidence.ts';
import { StallSampling, type SamplingSettings } from './stall-sampling.ts';

/** How often the monitor reads the shared state while something is wrong, in ms. */
const FAST_TICK = 5;
/** How long `abortAfter` waits for the name of the function that blocks, in ms. */
const NAME_GRACE = 500;

export interface DetectorSettings extends SamplingSettings {
  readonly abortAfter: number | undefined;
  /** The watched thread's folder under /proc. */
  readonly thread: string | undefined;
}

export interface DetectorParts extends AnnouncementParts {
  readonly sharedState: SharedState;
  /** Called with each stall that is over; where its end was not logged, it still has to be. */
  emit(stall: Stall, isLogged: boolean): void;
  abort(): void;
}

/** Reads the heartbeat, and follows each stall from the first suspicion to its end. */
export class StallDetector {
  readonly #settings: DetectorSettings;
  readonly #parts: DetectorParts;
  readonly #sharedState: SharedState;
  readonly #scheduling: SchedulingReader;
  readonly #pauseDetector: PauseDetector;
  readonly #profilerNaming: ProfilerNaming;
  readonly #finished: FinishedStalls;
  /** Unknown until the self-test is over: the process starts up until then. */
  #canLook: boolean | undefined;
  /** The watched thread is not to blame for the time before this instant. */
  #notBefore = 0;
  #lastId = 0;
  #current: StallSampling | undefined;
  #isAborting = false;

  constructor(settings: DetectorSettings, parts: DetectorParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#sharedState = parts.sharedState;
    this.#scheduling = new SchedulingReader(settings.thread);
    this.#pauseDetector = new PauseDetector(settings.threshold);
    this.#profilerNaming = new ProfilerNaming(parts.probeClient);
    this.#finished = new FinishedStalls(settings, this.#profilerNaming, (stall, isLogged) => { parts.emit(stall, isLogged); });
  }

  /** Detects stalls from now on. */
  start(canLook: boolean): void {
    this.#canLook = canLook;
  }

  /** ms until the next tick. */
  get pace(): number {
    return this.#current === undefined ? this.#settings.interval : FAST_TICK;
  }

  /** Undefined while the event loop turns. */
  get stuck(): Stuck | undefined {
    const since = this.#current?.evidence.startedAt ?? this.#since;
    const forMs = now() - since;
    return since === 0 || forMs < this.#settings.threshold ? undefined : { since: toEpoch(since), forMs, stall: this.#current?.latest };
  }

  get isExpected(): boolean {
    return this.#sharedState.flag('expected') > 0;
  }

  /** Whether no stall lasts, and every stall that is over was passed on. */
  get isSettled(): boolean {
    return this.#current === undefined && this.#finished.isEmpty;
  }

  /** Whether the answer to the last look is still to come. */
  get isAsking(): boolean {
    return this.#current?.isAsking === true;
  }

  tick(): void {
    const at = now();
    const pause = this.#pauseDetector.tick(at, this.pace);
    if (pause !== undefined) this.#onPause(pause);
    this.#profilerNaming.tick(at);
    if (this.#sharedState.get('alive') === 0 || this.#canLook === undefined) return;
    if (this.isExpected) this.#drop();
    else if (this.#current !== undefined) this.#follow(this.#current, at);
    else this.#suspect(at, this.#canLook);
  }

  /** The process ends: passes on the stalls that are not finished as far as they are known. */
  flush(): void {
    const current = this.#current;
    // A process with nothing left to do may wait for V8's own threads before it ends, which is no stall.
    if (current?.evidence.hasCulprit === false) this.#drop();
    else if (current !== undefined) this.#close(current, current.endedAt ?? now());
    this.#finished.flush();
  }

  /** The process is about to be ended in the middle of a stall: passes that stall on, and detects no more. */
  abandon(): void {
    if (this.#current === undefined) return;
    this.#parts.emit(this.#current.evidence.stall(now(), this.#scheduling.read(), this.#settings.threshold), true);
    this.#excuseUntil(Infinity);
  }

  stop(): void {
    this.#scheduling.close();
    this.#pauseDetector.close();
  }

  get #since(): number {
    return Math.max(this.#sharedState.get('alive'), this.#notBefore);
  }

  /** Looks after half the threshold already: two looks at one callback show that it is a single one. */
  #suspect(at: number, canLook: boolean): void {
    const since = this.#since;
    if (at - since < this.#settings.threshold / 2) return;
    const evidence = new StallEvidence(++this.#lastId, { since, idle: this.#sharedState.get('idle'), askedAt: at, scheduling: this.#scheduling.read(), canLook });
    this.#current = new StallSampling(evidence, this.#settings, { ...this.#parts, profilerNaming: this.#profilerNaming, scheduling: this.#scheduling, canLook });
    this.#current.look(at);
  }

  #follow(current: StallSampling, at: number): void {
    const { endedAt } = current;
    if (endedAt !== undefined) {
      // The answer to the last look is worth waiting for: it tells most.
      if (!current.isAsking || at - endedAt > this.#settings.threshold) this.#close(current, endedAt);
      return;
    }
    const forMs = at - current.evidence.startedAt;
    current.follow(at, forMs);
    this.#abortWhenDue(current, forMs);
  }

  #abortWhenDue({ announcements }: StallSampling, forMs: number): void {
    const { abortAfter = Infinity } = this.#settings;
    if (forMs < abortAfter || this.#isAborting || announcements.isIgnored) return;
    // The log should have the function first.
    if (!announcements.hasNamedStall && forMs < abortAfter + NAME_GRACE) return;
    this.#isAborting = true;
    this.#parts.abort();
  }

  #close({ evidence, announcements }: StallSampling, endedAt: number): void {
    this.#drop();
    const { threshold } = this.#settings;
    const scheduling = this.#scheduling.read();
    const { startedAt } = evidence;
    const isStall = endedAt - startedAt - this.#profilerNaming.ownMs(startedAt, endedAt) >= threshold && evidence.isOneCallback(endedAt, threshold);
    if (!isStall || announcements.isIgnored || evidence.isExempt(endedAt, scheduling)) return;
    this.#finished.add({ evidence, announcements, endedAt, scheduling });
  }

  #drop(): void {
    this.#current?.end();
    this.#current = undefined;
  }

  #excuseUntil(at: number): void {
    this.#drop();
    this.#notBefore = at;
  }

  #onPause({ began, ended, kind }: MonitorPause): void {
    if (kind === 'suspended') {
      this.#excuseUntil(ended);
      this.#emitUnseen(began, ended, kind);
      return;
    }
    // A stall that lasts is followed on, since the scheduler's figures will tell what it lacked. For a stall that is over, the heartbeat
    // has noted the time.
    const [from, to] = [this.#sharedState.get('lateFrom'), this.#sharedState.get('lateTo')];
    if (this.#current === undefined && to > began) this.#emitUnseen(from, to, kind);
  }

  #emitUnseen(began: number, ended: number, kind: MonitorPause['kind']): void {
    if (this.#sharedState.get('alive') === 0 || this.isExpected) return;
    const stall = unseenStall(began, ended, kind);
    this.#parts.emit(stall, new Announcements(this.#parts).announceEnd(stall, ended));
  }
}
