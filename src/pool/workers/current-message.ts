import { now } from '../../node/clock.ts';
import { tagOfBatch, tagOfRun } from '../../wire/control-block.ts';
import type { Call, CallHolder } from '../calls/call.ts';
import { WorkerCpu } from '../cpu/worker-cpu.ts';
import type { EngineWorker } from '../engines/engine.ts';

/** The message that a worker has: one call, or a batch of calls, each at a place of its own. */
export class CurrentMessage {
  /** By place; undefined where a call has had its response or was taken back. */
  #calls: (Call | undefined)[] = [];
  #isBatch = false;
  #sentAt = 0;
  #batches = 0;
  /** Charges the calls with their CPU time. */
  readonly cpu: WorkerCpu;

  constructor({ cpu, batches }: EngineWorker) {
    this.cpu = new WorkerCpu(cpu, batches?.results);
  }

  get calls(): readonly (Call | undefined)[] {
    return this.#calls;
  }

  get isBatch(): boolean {
    return this.#isBatch;
  }

  get sentAt(): number {
    return this.#sentAt;
  }

  /** Counts the worker's batches; each batch carries its number. */
  get batchNumber(): number {
    return this.#batches;
  }

  begin(calls: Call[], isBatch: boolean, holder: CallHolder): void {
    this.#calls = calls;
    this.#isBatch = isBatch;
    this.#sentAt = now();
    if (isBatch) this.#batches++;
    for (let place = 0; place < calls.length; place++) calls[place]!.markSent(holder, place, this.#sentAt);
    this.cpu.begin(calls, isBatch ? tagOfBatch(this.#batches) : tagOfRun(calls[0]!.id));
  }

  end(): void {
    this.cpu.end(this);
    this.#calls = [];
  }

  /** Call this when the pool is about to end the worker, whose task may still run. */
  chargeRunning(): void {
    this.cpu.endRunning(this);
  }

  /** Call this when no response to the call is awaited any more. */
  drop(call: Call): void {
    this.#calls[call.place] = undefined;
  }

  holds(call: Call): boolean {
    return this.#calls[call.place] === call;
  }

  /** The calls without a response. */
  pendingCalls(): Call[] {
    return this.#calls.filter((call) => call !== undefined);
  }

  /** Finds the call that a notice is about. The place alone is not enough, since another call may have that place now: the id has to match, too. */
  callAt({ place, id }: { readonly place: number; readonly id: number }): Call | undefined {
    const call = this.#calls[place];
    return call?.id === id ? call : undefined;
  }

  runningCall(id: number): Call | undefined {
    return this.#calls.find((call) => call?.id === id && call.state === 'running');
  }
}
