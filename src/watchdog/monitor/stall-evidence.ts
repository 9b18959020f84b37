import { advise } from '../report/advice.ts';
import { classify } from './classify.ts';
import { toEpoch } from '../protocol/clock.ts';
import type { Finding } from '../probe/probe.ts';
import type { RawFrame } from '../probe/raw-stack.ts';
import type { Sampled } from '../probe/sampler.ts';
import type { Scheduling } from '../protocol/scheduling.ts';
import { boundaryOf, callOf, culpritOf, isSameFunction, isStillIts, isUsers, readableStack, withoutInterruptible, withoutJustBegun } from '../report/stack.ts';
import { roundMs } from '../unseen-stall.ts';
import { syncCall } from '../report/sync-calls.ts';
import type { Confidence, Frame, Stall } from '../types.ts';

/** One look at the main thread. */
interface Look {
  readonly finding: Finding;
  /**
   * ms from the question to the answer, less what was spent waiting for a CPU: what answers late was in native code, which
   * no interrupt gets into.
   */
  readonly delay: number;
}

/** An answer takes 0.3 to 0.8 ms where JavaScript runs; this leaves room for a busy machine. */
const LIVE_MS = 10;
/** Of a stall: what is seen only at its beginning or end did not make it one. */
const EDGE = 0.1;
/** Stacks kept of one stall; looking goes on, and replaces the last. */
const MAX_LOOKS = 20;

/** One callback that will not end, from the first suspicion to the sign of life after it. All instants are `now()`. */
export class StallEvidence {
  readonly id: number;
  readonly #since: number;
  readonly #idleBefore: number;
  readonly #schedulingBefore: Scheduling | undefined;
  readonly #firstAskedAt: number;
  readonly #looks: Look[] = [];
  readonly #canLook: boolean;
  #sampled: Sampled | undefined;

  /** @param before what was known when it was suspected */
  constructor(id: number, before: { since: number; idle: number; askedAt: number; scheduling: Scheduling | undefined; canLook: boolean }) {
    this.id = id;
    this.#since = before.since;
    this.#idleBefore = before.idle;
    this.#firstAskedAt = before.askedAt;
    this.#schedulingBefore = before.scheduling;
    this.#canLook = before.canLook;
  }

  get since(): number {
    return this.#since;
  }

  get looks(): number {
    return this.#looks.length;
  }

  add(finding: Finding, delay: number): void {
    if (this.#looks.length === MAX_LOOKS) this.#looks.pop();
    this.#looks.push({ finding, delay });
  }

  /** What no look could find was seen by other means, while it ran. */
  nameBy(sampled: Sampled): void {
    this.#sampled = sampled;
  }

  /** The loop slept for a while after its last sign of life, and only then began what it is stuck in. */
  get startedAt(): number {
    const first = this.#looks[0]?.finding;
    return first === undefined ? this.#since : this.#since + Math.min(Math.max(0, first.idle - this.#idleBefore), first.at - this.#since);
  }

  /**
   * Whether *one* callback took the time. Many short ones in a row keep the heartbeat waiting too, and none of them is to
   * blame: a single one was seen to last, by two looks, or by an answer that was long in coming.
   */
  isOneCallback(endedAt: number, threshold: number): boolean {
    const first = this.#looks[0];
    return first === undefined || first.delay >= threshold / 4 || endedAt - first.finding.at >= threshold / 4;
  }

  /** Nobody is kept waiting by a process that loads its modules, nor by one whose developer has stopped it. */
  isNobodysFault(until: number, scheduling: Scheduling | undefined): boolean {
    return this.#looks[0]?.finding.isStartingUp === true || this.#isPaused(until, scheduling);
  }

  /** Nothing has found a function of the user's. */
  get isFaceless(): boolean {
    return this.#sampled === undefined && this.#looks.every(({ finding }) => culpritOf(readableStack(finding.frames)) === undefined);
  }

  /** What is known of it by `until`. */
  stall(until: number, scheduling: Scheduling | undefined, threshold: number): Stall {
    const confidence = this.#confidence(until);
    const looks = this.#telling(confidence, until);
    const seen = looks.map(({ finding, delay }) => stackOf(finding.frames, delay < LIVE_MS));
    const named = this.#sampled?.stack;
    const samples = named === undefined ? seen : [readableStack(named)];
    const owners = ownersOf(looks);
    const task = owners.at(-1)?.task;
    const { culprit, call } = topOf(samples);
    const boundary = boundaryOf(samples);
    const spanMs = until - this.#firstAskedAt;
    const gcMs = Math.max((this.#sampled?.gcShare ?? 0) * spanMs, this.#looks.at(-1)?.finding.gcMs ?? 0);
    const stall: Omit<Stall, 'advice'> = {
      startedAt: toEpoch(this.startedAt),
      duration: roundMs(until - this.startedAt),
      kind: classify({ isAnswered: confidence === 'live' || (confidence === 'none' && !this.#canLook), call, spanMs, gcMs, ...this.#used(scheduling), threshold }),
      ...{ confidence: named === undefined ? confidence : 'live', samples, context: mostOften(owners.map(({ context }) => context), (context) => JSON.stringify(context))[0] ?? {} },
      ...(culprit !== undefined && { culprit }),
      ...(boundary !== undefined && { boundary }),
      ...(task !== undefined && { task }),
      ...(call !== undefined && { call }),
    };
    return { ...stall, advice: advise(stall) };
  }

  /** A thread that a debugger holds uses next to no CPU, and answers all the while; one in a call that blocks, at its end. */
  #isPaused(until: number, scheduling: Scheduling | undefined): boolean {
    const [first, last] = [this.#looks[0], this.#looks.at(-1)];
    if (first === undefined || last?.finding.isDebugged !== true || !this.#isIdle(until, scheduling)) return false;
    const answers = last.finding.at - first.finding.at >= (until - this.#firstAskedAt) / 2 || this.#looks.every(({ delay }) => delay < LIVE_MS);
    return answers && syncCall(callOf(readableStack(last.finding.frames)) ?? '') === undefined;
  }

  #isIdle(until: number, scheduling: Scheduling | undefined): boolean {
    const spanMs = until - this.#firstAskedAt;
    const { onCpuMs, waitingMs } = this.#used(scheduling);
    return onCpuMs !== undefined && waitingMs !== undefined && spanMs - onCpuMs - waitingMs >= spanMs * 0.6;
  }

  #used(scheduling: Scheduling | undefined): { onCpuMs: number | undefined; waitingMs: number | undefined } {
    const before = this.#schedulingBefore;
    if (scheduling === undefined || before === undefined) return { onCpuMs: undefined, waitingMs: undefined };
    return { onCpuMs: scheduling.onCpu - before.onCpu, waitingMs: scheduling.waiting - before.waiting };
  }

  /** Most of the time may have gone into one native call, whatever was seen before and after it. */
  #confidence(until: number): Confidence {
    if (this.#looks.length === 0) return 'none';
    const isNative = this.#slowest().delay >= (until - this.startedAt) / 2 || this.#looks.every(({ delay }) => delay >= LIVE_MS);
    return isNative ? 'at-return' : 'live';
  }

  #telling(confidence: Confidence, until: number): Look[] {
    if (confidence === 'live') return this.#withoutEdges(until).filter(({ delay }) => delay < LIVE_MS);
    return this.#looks.length === 0 ? [] : this.#looks.filter(({ delay }) => delay >= this.#slowest().delay / 2);
  }

  /**
   * The first answer may have come before what blocks was called, and the last when it had just returned: its caller says
   * nothing of where the time went.
   */
  #withoutEdges(until: number): readonly Look[] {
    const edge = Math.max(LIVE_MS, (until - this.startedAt) * EDGE);
    const [first, ...later] = this.#looks;
    const looks = first !== undefined && first.finding.at - this.startedAt < edge && calledAll(first, later) ? later : this.#looks;
    const [last, earlier] = [looks.at(-1), looks.slice(0, -1)];
    return last !== undefined && until - last.finding.at < edge && calledAll(last, earlier) ? earlier : looks;
  }

  #slowest(): Look {
    return this.#looks.reduce((slowest, look) => (look.delay > slowest.delay ? look : slowest));
  }
}

/** Whether a look came upon a function that had called what all the others came upon. */
function calledAll({ finding, delay }: Look, others: readonly Look[]): boolean {
  const caller = culpritOf(readableStack(finding.frames));
  if (caller === undefined || delay >= LIVE_MS || others.length === 0) return false;
  const stacks = others.map((other) => readableStack(other.finding.frames).filter((frame) => isUsers(frame) && !frame.isAsync));
  return stacks.every((stack) => stack.findIndex((frame) => isSameFunction(frame, caller)) > 0);
}

/** Whose context and task are those of what blocks: between two callbacks of a flood there is none, so a function is better. */
function ownersOf(looks: readonly Look[]): Finding[] {
  const owners = looks.filter(({ finding, delay }) => delay < LIVE_MS || isStillIts(finding.frames)).map(({ finding }) => finding);
  const inFunctions = owners.filter(({ frames }) => culpritOf(readableStack(frames)) !== undefined);
  return inFunctions.length > 0 ? inFunctions : owners;
}

/** What has only just begun has not taken the time; in a flood of short functions there is nothing else to be seen. */
function stackOf(raw: readonly RawFrame[], isLive: boolean): Frame[] {
  const stack = readableStack(withoutJustBegun(raw));
  if (!isLive) return withoutInterruptible(stack);
  return culpritOf(stack) === undefined ? readableStack(raw) : stack;
}

/** The function that was on top in most samples, and what it called then. */
function topOf(samples: readonly Frame[][]): { culprit: Frame | undefined; call: string | undefined } {
  const tops = samples.map((stack) => ({ culprit: culpritOf(stack), call: callOf(stack) }));
  const most = mostOften(tops.filter(({ culprit }) => culprit !== undefined), ({ culprit }) => `${culprit?.file} ${culprit?.function}`);
  const { culprit, call } = most.at(-1) ?? { culprit: undefined, call: undefined };
  // In a loop, what happened to be called at one moment is not what took the time.
  return { culprit, call: most.filter((other) => other.call === call).length > most.length / 2 ? call : undefined };
}

/** Those of the most frequent kind; of equally frequent ones, those that came last. */
function mostOften<T>(things: readonly T[], kindOf: (thing: T) => string): T[] {
  const kinds = new Map<string, T[]>();
  for (const thing of things) kinds.set(kindOf(thing), [...(kinds.get(kindOf(thing)) ?? []), thing]);
  return [...kinds.values()].reduce<T[]>((most, next) => (next.length >= most.length ? next : most), []);
}
