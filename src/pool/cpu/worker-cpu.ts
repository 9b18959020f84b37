import type { BatchResults } from '../../wire/batch-results.ts';
import type { MessageTag } from '../../wire/control-block.ts';
import type { CpuSource } from './cpu-source.ts';
import { MessageCharge, type ChargedCall } from './message-charge.ts';

/** A message of the worker. */
interface Message {
  /** The calls without a response. */
  pendingCalls(): readonly ChargedCall[];
}

/**
 * Charges the calls of one worker with its CPU time. A thread writes the figure of a message after its response, so the figure may
 * come when the next message has been sent already, and always before the response to that one.
 */
export class WorkerCpu {
  readonly #source: CpuSource | undefined;
  readonly #results: BatchResults | undefined;
  #current = new MessageCharge();
  #previous = new MessageCharge();
  #isOpen = false;

  constructor(source: CpuSource | undefined, results: BatchResults | undefined) {
    this.#source = source;
    this.#results = results;
  }

  /** Whether the calls of the message have several accounts, so that the worker has to divide its CPU time among them. */
  get isSplit(): boolean {
    return this.#source !== undefined && this.#current.isSplit;
  }

  begin(calls: readonly ChargedCall[], tag: MessageTag): void {
    if (this.#source === undefined) return;
    this.#previous.collect(this.#source);
    [this.#previous, this.#current] = [this.#current, this.#previous];
    this.#current.begin(calls, tag);
    this.#isOpen = true;
  }

  /** Call this when the message is over, and calls that were not started have been taken back. */
  end(message: Message): void {
    if (this.#source === undefined || !this.#isOpen) return;
    this.#isOpen = false;
    this.#current.end(this.#source, this.#results, this.#current.isSplit ? message.pendingCalls() : []);
  }

  /** Call this when the pool is about to end the worker, whose task may still run. */
  endRunning(message: Message): void {
    const wasOpen = this.#isOpen;
    this.end(message);
    if (this.#source !== undefined && wasOpen) this.#current.collectSoFar(this.#source);
  }

  /** Call this where the worker has not seen the message: it could not be sent or read. */
  drop(): void {
    this.#isOpen = false;
    this.#current.drop();
  }

  /** Charges everything that is over. The worker may be about to write the figure of its last message: then the kernel is asked. */
  collect(): void {
    if (this.#source === undefined) return;
    this.#previous.collect(this.#source);
    if (!this.#isOpen && !this.#current.collect(this.#source)) this.#current.collectSoFar(this.#source);
  }
}
