import { ownCpuReader, type CpuReader } from '../../node/cpus/thread-cpu.ts';
import { Atomics } from '../../node/intrinsics.ts';
import { controlNumbers, controlWords, numbersOf, type MessageTag } from '../../wire/control-block.ts';
import type { RunResponse } from '../../wire/messages/responses.ts';

/** A message that has run for so long is measured before its response is posted, too, in ms. The reading is then a thousandth of it. */
const LONG_MS = 1;

/**
 * Measures the CPU time of this thread for each message, and writes it into the control block.
 *
 * A reading takes 1 to 2 µs, so it comes when the response has been posted, and no caller waits for it. A caller that asks for the
 * statistics at once would miss the message, so the figure of a long message is there before its response, and is corrected afterwards.
 */
export class CpuMeter {
  readonly #read: CpuReader | undefined;
  readonly #control: Int32Array;
  readonly #numbers: Float64Array;
  /** The CPU time of this thread when it was read last, and when the message began, in ms. */
  #cpu = 0;
  #cpuAtBegin = 0;
  #tag: MessageTag = 0;
  /** Which of the two places in the control block the message has. */
  #place = 0;
  #isCold = true;
  #wantsCpu = false;
  /** The run time of the message's calls so far, in ms. */
  #runMs = 0;

  constructor(control: Int32Array<SharedArrayBuffer>) {
    this.#read = ownCpuReader();
    this.#control = control;
    this.#numbers = numbersOf(control);
    this.skip();
    // A thread that the pool ends emits no `exit` event here.
    process.prependListener('exit', () => { this.endMessage(); });
  }

  /** Charges no call for the time until now: it was that of the start, or of what finished tasks have left running. */
  skip(): void {
    this.#update();
    this.#cpuAtBegin = this.#cpu;
  }

  beginMessage(tag: MessageTag, wantsCpu: boolean, isCold: boolean): void {
    this.#tag = tag;
    this.#place = 1 - this.#place;
    this.#wantsCpu = wantsCpu;
    this.#isCold = isCold;
    this.#runMs = 0;
    this.#cpuAtBegin = this.#cpu;
    store(this.#control, controlWords.cpuTag + this.#place, 0);
  }

  /** Reads the CPU time, in the middle of a message. @returns ms since the thread started; undefined where it is not known */
  read(): number | undefined {
    if (this.#read === undefined) return undefined;
    this.#publish();
    return this.#cpu;
  }

  /** Call this when a call of the message is over. */
  addRun(ms: number): void {
    this.#runMs += ms;
  }

  /** @param response that of a single call */
  beforeResponse(response: RunResponse | undefined): void {
    if (this.#tag === 0) return;
    if (response !== undefined) this.#runMs = response.runMs;
    if (!this.#wantsCpu && !this.#isCold && this.#runMs < LONG_MS) return;
    const ms = this.#publish();
    if (this.#wantsCpu && response !== undefined) (response as { cpuMs?: number | undefined }).cpuMs = ms;
  }

  /** Call this after each response has been posted. */
  endMessage(): void {
    if (this.#tag === 0) return;
    this.#publish();
    this.#tag = 0;
  }

  #publish(): number | undefined {
    if (!this.#update()) return undefined;
    const ms = this.#cpu - this.#cpuAtBegin;
    this.#numbers[controlNumbers.cpuOfMessage + this.#place] = ms;
    // The tag last: a pool that sees it reads the figure of this message.
    store(this.#control, controlWords.cpuTag + this.#place, this.#tag);
    return ms;
  }

  /** @returns whether the CPU time is known */
  #update(): boolean {
    const cpu = this.#read?.();
    if (cpu === undefined) return false;
    this.#cpu = cpu;
    this.#numbers[controlNumbers.cpuAtMessageEnd] = cpu;
    return true;
  }
}

// Bound when the worker starts: a task may replace it.
const { store } = Atomics;
