import { now } from '../protocol/clock.ts';
import { spentWriting } from '../report/log.ts';
import { ownThread, SchedulingReader, type Scheduling } from '../protocol/scheduling.ts';
import type { StallKind } from '../stall-kinds.ts';

/** How often the scheduler's figures are read while all is well, in ms. */
const READ_EVERY = 1000;

/** The monitor stood still; instants of `now()`. */
export interface MonitorPause {
  readonly began: number;
  readonly ended: number;
  readonly kind: Extract<StallKind, 'starved' | 'suspended'>;
}

/**
 * Notices that the monitor itself stood still: then the main thread is not to blame for what happened meanwhile. Either
 * the whole process was suspended, or the machine had no CPU for it.
 */
export class PauseDetector {
  readonly #threshold: number;
  readonly #scheduling = new SchedulingReader(ownThread());
  #lastTick = now();
  #writingMs = 0;
  #readAt = now();
  #before: Scheduling | undefined = this.#scheduling.read();

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  /** @param pace how long after the last tick this one was due, in ms */
  tick(at: number, pace: number): MonitorPause | undefined {
    const began = this.#lastTick;
    const wrote = spentWriting() - this.#writingMs;
    this.#lastTick = at;
    this.#writingMs += wrote;
    const isGap = at - began - pace - wrote >= this.#threshold;
    if (!isGap && at - this.#readAt < READ_EVERY) return undefined;
    const before = this.#before;
    this.#before = this.#scheduling.read();
    this.#readAt = at;
    if (!isGap) return undefined;
    const waited = (this.#before?.waiting ?? 0) - (before?.waiting ?? 0);
    return { began, ended: at, kind: waited >= (at - began) / 2 ? 'starved' : 'suspended' };
  }

  close(): void {
    this.#scheduling.close();
  }
}
