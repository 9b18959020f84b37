import type { OffloopError } from '../../errors.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import { callsOf, noticed, readAnswers, withCallAt } from './responses.ts';
import type { Call } from '../calls/call.ts';
import type { WorkerExit } from '../engines/engine.ts';
import { crashError, failedStartError, lateStartError, warnOfIdleCrash, warnOfLeftover } from './exit-errors.ts';
import type { PoolSettings } from '../options.ts';
import { deliverAll } from '../calls/progress.ts';
import type { TaskQueue } from '../calls/queue.ts';
import { shortageError, shortageOf } from '../engines/shortage.ts';
import type { PoolWorker } from './pool-worker.ts';
import type { Workers } from './workers.ts';

/** The side of the dispatcher that endings need. */
interface EndingsHost {
  readonly settings: PoolSettings;
  readonly queue: TaskQueue<Call>;
  readonly workers: Workers;
  /** Its batch needs no watching any more. */
  unwatch(slot: PoolWorker): void;
  pump(): void;
  onChange(): void;
}

/** What becomes of the calls of a worker that ends, or has to; and who comes in its place. */
export class Endings {
  readonly #host: EndingsHost;
  /** Those that were not ready in time, and are ended. */
  readonly #late = new WeakSet<PoolWorker>();

  constructor(host: EndingsHost) {
    this.#host = host;
  }

  /** Back to the head of the queue, unless it has been given up meanwhile. */
  wait(call: Call, slot: PoolWorker): void {
    slot.calls[call.place] = undefined;
    if (call.state === 'settled') return;
    call.takenBack();
    this.#host.queue.unshift(call);
  }

  takeBackFrom(slot: PoolWorker): void {
    const calls = callsOf(slot).reverse();
    const taken = calls.filter((call) => takeBack(call, slot));
    for (const call of taken) this.wait(call, slot);
    // None was started. Sent again, they would be taken back again, and so on for ever.
    if (taken.length > 0 && taken.length === calls.length) slot.leniency *= 2;
    // What is left is the one that runs.
    this.#host.unwatch(slot);
    this.#host.pump();
  }

  replace(slot: PoolWorker): void {
    if (slot.state === 'ending') return;
    this.#host.workers.counts.replaced++;
    this.takeBackFrom(slot);
    this.#host.workers.remove(slot);
    this.#refill();
  }

  exited(slot: PoolWorker, exit: WorkerExit): void {
    const wasEnding = slot.state === 'ending';
    const wasIdle = slot.state === 'idle';
    readAnswers(slot);
    this.#host.workers.forget(slot);
    if (!slot.worker.isReady()) {
      this.#failStart(slot, exit, wasEnding || this.#late.has(slot));
      return;
    }
    this.takeBackFrom(slot);
    for (const call of callsOf(slot)) {
      deliverAll(call);
      call.fail({ type: 'refused', reason: () => crashError(call.task.name, exit, slot.leftover) });
    }
    slot.calls = [];
    if (wasEnding) return;
    this.#host.workers.counts.crashed++;
    if (wasIdle) warnOfIdleCrash(this.#host.settings.name, exit, slot.leftover);
    // A worker that never got as far as one answer may never do so: the next one starts only when there is work.
    if (slot.tasks > 0) this.#refill();
    else this.#host.pump();
    this.#host.onChange();
  }

  /** It has run nothing: what it was sent may run elsewhere, but what was to be handed over is gone with the message. */
  #failStart(slot: PoolWorker, exit: WorkerExit, wasEnding: boolean): void {
    const { name } = this.#host.settings;
    const shortage = shortageOf(exit.error) ?? exit.shortage;
    const reason = (): OffloopError => (shortage === undefined ? failedStartError(name, exit) : shortageError(name, shortage, exit.error ?? exit.how));
    for (const call of callsOf(slot)) {
      if (call.extras?.transfer === undefined) this.wait(call, slot);
      else call.fail({ type: 'refused', reason });
    }
    slot.calls = [];
    if (!wasEnding) {
      this.#host.workers.counts.crashed++;
      if (shortage === undefined) this.#host.workers.recordFailedStart(slot, reason);
      else this.#host.workers.recordShortage(reason);
    }
    this.#host.pump();
    this.#host.onChange();
  }

  endLateStart(slot: PoolWorker): void {
    const reason = (): OffloopError => lateStartError(this.#host.settings.name, this.#host.settings.startTimeout);
    this.#host.workers.giveUp(reason);
    if (this.#host.workers.areOthers) {
      // Its task may begin until it is gone: only then it is known whether that can run elsewhere.
      this.#late.add(slot);
      slot.isSpoiled = 'module';
      this.#host.workers.counts.replaced++;
      void slot.worker.terminate();
      return;
    }
    for (const call of callsOf(slot)) call.fail({ type: 'refused', reason });
    this.replace(slot);
  }

  noticed(slot: PoolWorker, notice: WorkerNotice): void {
    noticed(slot, notice);
    if (notice.type === 'unknown-text') withCallAt(slot, notice, (call) => { this.wait(call, slot); });
    if (notice.type !== 'leftover' || notice.isFatal) return;
    warnOfLeftover(this.#host.settings.name, notice);
    slot.isSpoiled = 'leftover';
    if (slot.state === 'idle') this.replace(slot);
  }

  isToGo(slot: PoolWorker): boolean {
    return slot.isSpoiled === 'leftover' || this.#late.has(slot) || this.#host.workers.claimReload(slot);
  }

  #refill(): void {
    this.#host.workers.ensureMinimum();
    this.#host.pump();
    this.#host.onChange();
  }
}

/** True when the task was in a batch and had not been started; it never will be. */
export function takeBack(call: Call, { worker, calls, isBatch }: PoolWorker): boolean {
  if (!isBatch || worker.batches?.results.takeBack(call.place) !== true) return false;
  calls[call.place] = undefined;
  return true;
}
