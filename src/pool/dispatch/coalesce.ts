import { clearTimeout, now } from '../../node/clock.ts';
import { ON_TIME_MS } from '../../node/time-limit.ts';
import { unrefTimer } from '../../node/timers.ts';
import { SharedObjectGuard } from '../../wire/shared-objects.ts';
import type { Call } from '../calls/call.ts';
import type { TaskQueue } from '../calls/queue.ts';
import { isKnown, type PoolWorker } from '../workers/pool-worker.ts';

/** Of long tasks, so many may go to a worker ahead of their turn, and so many ms of them: it need not wait for the next. */
const AHEAD = 8;
const AHEAD_MS = 40;

export interface BatchLimits {
  /** Ms of estimated work in one message. */
  readonly budget: number;
  readonly size: number;
  /** How many workers there are to share in what waits. */
  readonly workers: number;
  readonly slot: PoolWorker;
}

/**
 * The calls that go to a worker in one message: the first of the queue, and with it as many of those behind it as are
 * expected to take no more than the budget together. Where all workers have enough to do, a few long ones, too: they are
 * taken back when another worker has nothing left. What is unknown travels alone. The order of the queue is kept.
 */
export function takeBatch(queue: TaskQueue<Call>, { budget, size, workers, slot }: BatchLimits): Call[] {
  const first = queue.shift();
  if (first === undefined) return [];
  const batch = [first];
  if (size <= 1) return batch;
  const apart = new SharedObjectGuard();
  const cost = costOf(first, slot, apart);
  const isAhead = cost >= budget && cost < AHEAD_MS;
  const most = isAhead ? Math.min(AHEAD, size, Math.floor(queue.size / workers)) : size;
  let left = (isAhead ? AHEAD_MS : budget) - cost;
  for (let next = queue.first; left > 0 && next !== undefined && batch.length < most; next = queue.first) {
    const nextCost = costOf(next, slot, apart);
    // A getter in its arguments has had it sent to another worker, or given up.
    if (!next.isQueued) continue;
    left -= nextCost;
    if (left < 0) break;
    queue.remove(next);
    batch.push(next);
  }
  // The same may have become of those that are in the batch already.
  return batch.every(isWaiting) ? batch : batch.filter(isWaiting);
}

function isWaiting({ state }: Call): boolean {
  return state === 'waiting';
}

/**
 * In ms of estimated work. What is handed over cannot be sent a second time; what could not be cloned once is sent by itself,
 * to find the culprit; and no two tasks may get one and the same object.
 */
function costOf(call: Call, slot: PoolWorker, apart: SharedObjectGuard): number {
  const mayShare = call.extras?.transfer === undefined && !call.travelsAlone && isKnown(call, slot);
  return mayShare && areApart(call, apart) ? call.timings.estimate.ms : Infinity;
}

function areApart({ args, extras }: Call, apart: SharedObjectGuard): boolean {
  try {
    return apart.addAll(extras?.repairs === undefined ? args : [...args, extras.repairs]);
  } catch {
    // The list itself has a getter that throws, which cloning will meet again.
    return false;
  }
}

/** How long a worker may be silent in a batch until the calls that it has not started go to others, in ms. */
const SILENCE = 2;
/** How often it is looked at where all workers have such long tasks, in ms. */
const AHEAD_LOOK = 10;
/** Of a task that is long by itself: so many times its estimate. */
const SILENCE_OF_LONG = 3;

/** A message of many megabytes takes its time: about as long to read as it took to write, which is before the first task begins. */
const READING = 3;

interface BatchKeeper {
  /** Takes in what the worker has answered. */
  read(slot: PoolWorker): void;
  takeBack(slot: PoolWorker): void;
}

/**
 * Watches the workers that have a batch. A heavy task among light ones must not hold the others up: what is finished
 * left already, and what has not been started is taken back.
 */
export class BatchWatch {
  readonly #slots = new Set<PoolWorker>();
  /** Of these, which have long tasks that were sent ahead. */
  readonly #ahead = new Set<PoolWorker>();
  readonly #pool: BatchKeeper;
  #timer: NodeJS.Timeout | undefined;
  #lookEvery = 0;

  constructor(pool: BatchKeeper) {
    this.#pool = pool;
  }

  /** To be called with what has just been sent a batch. */
  add(slot: PoolWorker): void {
    slot.heardAt = now();
    const usual = Math.max(SILENCE, ...slot.calls.map((call) => SILENCE_OF_LONG * (call?.timings.estimate.ms ?? 0)));
    slot.patience = Math.max(usual, READING * (slot.heardAt - slot.sentAt)) * slot.leniency;
    this.#slots.add(slot);
    if (usual > SILENCE) this.#ahead.add(slot);
    this.#arm();
  }

  delete(slot: PoolWorker): void {
    this.#slots.delete(slot);
    this.#ahead.delete(slot);
  }

  /** A worker has nothing left to do: the long tasks that wait behind another one are for it. */
  shareAhead(): void {
    for (const slot of [...this.#ahead]) this.#pool.takeBack(slot);
  }

  /** What is more urgent than tasks that were sent ahead comes before them. */
  makeWayFor(priority: number): void {
    if (this.#ahead.size === 0) return;
    for (const slot of [...this.#ahead]) {
      if (slot.calls.some((call) => call !== undefined && call.priority < priority)) this.#pool.takeBack(slot);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    const every = this.#ahead.size === this.#slots.size ? AHEAD_LOOK : SILENCE;
    if (this.#timer !== undefined && this.#lookEvery <= every) return;
    clearTimeout(this.#timer);
    this.#lookEvery = every;
    const due = now() + every;
    this.#timer = unrefTimer(() => { this.#look(now() - due); }, every);
  }

  #look(late: number): void {
    this.#timer = undefined;
    // This thread was held up, or all of the process: the workers may have been, too.
    if (late > ON_TIME_MS) for (const slot of this.#slots) slot.heardAt = Math.min(now(), slot.heardAt + late);
    for (const slot of [...this.#slots]) {
      // Its answers may be here already, and only this thread be late in reading them.
      this.#pool.read(slot);
      if (this.#slots.has(slot) && now() - slot.heardAt >= slot.patience) this.#pool.takeBack(slot);
    }
    if (this.#slots.size > 0) this.#arm();
  }
}
