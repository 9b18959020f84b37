import type { Call } from './call.ts';
import type { TaskQueue } from './queue.ts';
import type { Slot } from './slot.ts';

/** More would gain nothing: the message is paid for by then. */
export const MAX_BATCH = 64;

/** Runs of a task before its estimate is believed. */
const MIN_SAMPLES = 8;

/**
 * How long a task runs, by what it has shown so far, in ms. A run far above the estimate counts as four times the
 * estimate: one heavy document among thousands of light ones changes little, while a task that has really become slower
 * leaves any budget behind within a few runs.
 */
export class RunEstimate {
  #ms = 0;
  #samples = 0;

  add(ms: number): void {
    this.#samples++;
    const weight = this.#samples < MIN_SAMPLES ? 1 / this.#samples : 0.2;
    this.#ms += (Math.min(ms, this.#samples === 1 ? ms : 4 * this.#ms + 0.05) - this.#ms) * weight;
  }

  /** Infinity as long as too little is known. */
  get ms(): number {
    return this.#samples < MIN_SAMPLES ? Infinity : this.#ms;
  }
}

export interface BatchLimits {
  /** Ms of estimated work in one message. */
  readonly budget: number;
  readonly size: number;
  estimate(call: Call): number;
}

/**
 * The calls that go to a worker in one message: the first of the queue, and with it as many of those behind it as are
 * expected to take no more than the budget together. Unknown and long tasks travel alone. The order of the queue is kept.
 */
export function takeBatch(queue: TaskQueue<Call>, limits: BatchLimits): Call[] {
  const first = queue.shift();
  if (first === undefined) return [];
  const batch = [first];
  let left = limits.budget - (mayShare(first) ? limits.estimate(first) : Infinity);
  for (let next = queue.first; left > 0 && next !== undefined && batch.length < limits.size; next = queue.first) {
    left -= mayShare(next) ? limits.estimate(next) : Infinity;
    if (left < 0) break;
    queue.remove(next);
    batch.push(next);
  }
  return batch;
}

/** What is handed over cannot be sent a second time; what could not be cloned once is sent by itself, to find the culprit. */
function mayShare(call: Call): boolean {
  return call.input.transfer === undefined && !call.travelsAlone;
}

/** How long a worker may be silent in a batch until the calls that it has not started go to others, in ms. */
const SILENCE = 2;

/**
 * Watches the workers that have a batch. A heavy task among light ones must not hold the others up: what is finished
 * left already, and what has not been started is taken back.
 */
export class BatchWatch {
  readonly #slots = new Set<Slot>();
  readonly #takeBack: (slot: Slot) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(takeBack: (slot: Slot) => void) {
    this.#takeBack = takeBack;
  }

  add(slot: Slot): void {
    slot.heardAt = performance.now();
    this.#slots.add(slot);
    this.#arm();
  }

  delete(slot: Slot): void {
    this.#slots.delete(slot);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => { this.#look(); }, SILENCE).unref();
  }

  #look(): void {
    this.#timer = undefined;
    for (const slot of [...this.#slots]) {
      // Its answers may be here already, and only this thread be late in reading them.
      slot.worker.flushNotices();
      if (this.#slots.has(slot) && performance.now() - slot.heardAt >= SILENCE) this.#takeBack(slot);
    }
    if (this.#slots.size > 0) this.#arm();
  }
}
