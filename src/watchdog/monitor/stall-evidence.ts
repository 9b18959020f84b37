import { toEpoch } from '../../node/clock.ts';
import type { Finding, ProfileSummary } from '../protocol/findings.ts';
import type { Scheduling } from '../protocol/scheduling.ts';
import { advise } from '../report/advice.ts';
import { boundaryOf, callOf, culpritOf, readableStack } from '../report/stack.ts';
import { syncCall } from '../report/sync-calls.ts';
import { roundMs } from '../report/unseen-stall.ts';
import type { Confidence, Stall } from '../types.ts';
import { classify } from './classify.ts';
import { calledAll, edgeOf, isLive, mostFrequent, ownersOf, stackOf, topOf, type Look } from './looks.ts';

/** How many looks at one stall are kept; later looks replace the last. */
const MAX_LOOKS = 20;

/** The evidence about a callback that does not end, from the first suspicion to the sign of life after it. All instants are `now()`. */
export class StallEvidence {
  readonly id: number;
  /** The last sign of life. */
  readonly since: number;
  readonly #idleBefore: number;
  readonly #schedulingBefore: Scheduling | undefined;
  readonly #firstAskedAt: number;
  readonly #looks: Look[] = [];
  readonly #canLook: boolean;
  #profile: ProfileSummary | undefined;

  /** @param before what was known when the stall was suspected */
  constructor(id: number, before: { since: number; idle: number; askedAt: number; scheduling: Scheduling | undefined; canLook: boolean }) {
    this.id = id;
    this.since = before.since;
    this.#idleBefore = before.idle;
    this.#firstAskedAt = before.askedAt;
    this.#schedulingBefore = before.scheduling;
    this.#canLook = before.canLook;
  }

  get looks(): number {
    return this.#looks.length;
  }

  add(finding: Finding, delay: number): void {
    if (this.#looks.length === MAX_LOOKS) this.#looks.pop();
    this.#looks.push({ finding, delay });
  }

  /** Adds what V8's profiler saw meanwhile: it names functions that no look could find. */
  addProfile(profile: ProfileSummary): void {
    this.#profile = profile;
  }

  /** The event loop slept for a while after its last sign of life, and only then began the callback that does not end. */
  get startedAt(): number {
    const first = this.#looks[0]?.finding;
    return first === undefined ? this.since : this.since + Math.min(Math.max(0, first.idle - this.#idleBefore), first.at - this.since);
  }

  /**
   * Whether a single callback took the time. Many short callbacks in a row keep the heartbeat waiting, too, and none of them is to
   * blame. A single callback shows in two looks, or in an answer that came late.
   */
  isOneCallback(endedAt: number, threshold: number): boolean {
    const first = this.#looks[0];
    return first === undefined || first.delay >= threshold / 4 || endedAt - first.finding.at >= threshold / 4;
  }

  /** Whether the stall is none: a process that loads its modules keeps nobody waiting, nor does one that its developer has stopped. */
  isExempt(until: number, scheduling: Scheduling | undefined): boolean {
    return this.#looks[0]?.finding.isStartingUp === true || this.#isPaused(until, scheduling);
  }

  /** Whether a function of the user's was found. */
  get hasCulprit(): boolean {
    return this.#profile !== undefined || this.#looks.some(({ finding }) => culpritOf(readableStack(finding.frames)) !== undefined);
  }

  /** The stall as it is known by `until`. */
  stall(until: number, scheduling: Scheduling | undefined, threshold: number): Stall {
    const confidence = this.#confidence(until);
    const looks = this.#relevantLooks(confidence, until);
    const profiled = this.#profile?.stack;
    const samples = profiled === undefined ? looks.map(stackOf) : [readableStack(profiled)];
    const owners = ownersOf(looks);
    const task = owners.at(-1)?.task;
    const { culprit, call } = topOf(samples);
    const boundary = boundaryOf(samples);
    const spanMs = until - this.#firstAskedAt;
    const gcMs = Math.max((this.#profile?.gcShare ?? 0) * spanMs, this.#looks.at(-1)?.finding.gcMs ?? 0);
    const stall: Omit<Stall, 'advice'> = {
      startedAt: toEpoch(this.startedAt),
      duration: roundMs(until - this.startedAt),
      kind: classify({ isAnswered: confidence === 'live' || (confidence === 'none' && !this.#canLook), call, spanMs, gcMs, ...this.#cpuTimes(scheduling), threshold }),
      ...{ confidence: profiled === undefined ? confidence : 'live', samples, context: mostFrequent(owners.map(({ context }) => context), (context) => JSON.stringify(context))[0] ?? {} },
      ...(culprit !== undefined && { culprit }),
      ...(boundary !== undefined && { boundary }),
      ...(task !== undefined && { task }),
      ...(call !== undefined && { call }),
    };
    return { ...stall, advice: advise(stall) };
  }

  /** A thread that a debugger holds uses next to no CPU, and answers all the while; a thread in a call that blocks answers at the end. */
  #isPaused(until: number, scheduling: Scheduling | undefined): boolean {
    const [first, last] = [this.#looks[0], this.#looks.at(-1)];
    if (first === undefined || last?.finding.isDebugged !== true || !this.#isIdle(until, scheduling)) return false;
    const answers = last.finding.at - first.finding.at >= (until - this.#firstAskedAt) / 2 || this.#looks.every(isLive);
    return answers && syncCall(callOf(readableStack(last.finding.frames)) ?? '') === undefined;
  }

  #isIdle(until: number, scheduling: Scheduling | undefined): boolean {
    const spanMs = until - this.#firstAskedAt;
    const { onCpuMs, waitingMs } = this.#cpuTimes(scheduling);
    return onCpuMs !== undefined && waitingMs !== undefined && spanMs - onCpuMs - waitingMs >= spanMs * 0.6;
  }

  #cpuTimes(scheduling: Scheduling | undefined): { onCpuMs: number | undefined; waitingMs: number | undefined } {
    const before = this.#schedulingBefore;
    if (scheduling === undefined || before === undefined) return { onCpuMs: undefined, waitingMs: undefined };
    return { onCpuMs: scheduling.onCpu - before.onCpu, waitingMs: scheduling.waiting - before.waiting };
  }

  /** `at-return` where one native call took most of the time, whatever was seen before and after that call. */
  #confidence(until: number): Confidence {
    if (this.#looks.length === 0) return 'none';
    const isNative = this.#slowest().delay >= (until - this.startedAt) / 2 || !this.#looks.some(isLive);
    return isNative ? 'at-return' : 'live';
  }

  #relevantLooks(confidence: Confidence, until: number): Look[] {
    if (confidence === 'live') return this.#withoutEdges(until).filter(isLive);
    return this.#looks.length === 0 ? [] : this.#looks.filter(({ delay }) => delay >= this.#slowest().delay / 2);
  }

  /**
   * Leaves out a first answer from before the blocking function was called, and a last answer from after it had returned: a
   * look at the caller does not show where the time went.
   */
  #withoutEdges(until: number): readonly Look[] {
    const edge = edgeOf(until - this.startedAt);
    const [first, ...later] = this.#looks;
    const looks = first !== undefined && first.finding.at - this.startedAt < edge && calledAll(first, later) ? later : this.#looks;
    const [last, earlier] = [looks.at(-1), looks.slice(0, -1)];
    return last !== undefined && until - last.finding.at < edge && calledAll(last, earlier) ? earlier : looks;
  }

  #slowest(): Look {
    return this.#looks.reduce((slowest, look) => (look.delay > slowest.delay ? look : slowest));
  }
}
