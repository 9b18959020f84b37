import { cpuOfThread } from '../../node/cpus/thread-cpu.ts';
import { controlNumbers, controlWords, numbersOf, type MessageTag } from '../../wire/control-block.ts';
import type { CpuSource } from './cpu-source.ts';

/** The CPU time of a worker thread, which writes it into its control block. */
export class ThreadCpuSource implements CpuSource {
  readonly #control: Int32Array;
  readonly #numbers: Float64Array;

  constructor(control: Int32Array<SharedArrayBuffer>) {
    this.#control = control;
    this.#numbers = numbersOf(control);
  }

  ofMessage(tag: MessageTag): number | undefined {
    if (Atomics.load(this.#control, controlWords.cpuTag) === tag) return this.#numbers[controlNumbers.cpuOfMessage];
    return Atomics.load(this.#control, controlWords.otherCpuTag) === tag ? this.#numbers[controlNumbers.otherCpuOfMessage] : undefined;
  }

  soFar(tag: MessageTag): number | undefined {
    const read = this.ofMessage(tag);
    const lastRead = this.#numbers[controlNumbers.cpuAtMessageEnd]!;
    const now = lastRead === 0 ? undefined : cpuOfThread(Atomics.load(this.#control, controlWords.threadId));
    return now === undefined ? read : (read ?? 0) + Math.max(0, now - lastRead);
  }
}
