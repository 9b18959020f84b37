import { ownCpuReader, type CpuReader } from '../../node/cpu/thread-cpu.ts';
import { controlNumbers } from '../../wire/control-block.ts';

/**
 * Measures the CPU time of this thread for each message, and writes it into the control block.
 *
 * A message is over when its response has been posted, so that no caller waits for the reading.
 */
export class CpuMeter {
  readonly #read: CpuReader | undefined;
  readonly #numbers: Float64Array;
  #isInMessage = false;

  constructor(numbers: Float64Array) {
    this.#read = ownCpuReader();
    this.#numbers = numbers;
    this.skip();
  }

  /** Charges nobody for the time until now: it was that of the start, or of what finished tasks have left running. */
  skip(): void {
    this.#numbers[controlNumbers.cpuAtMessageEnd] = this.#read?.() ?? 0;
  }

  beginMessage(): void {
    this.#isInMessage = true;
  }

  /** Call this after each response has been posted. */
  endMessage(): void {
    if (!this.#isInMessage) return;
    this.#isInMessage = false;
    this.skip();
  }
}
