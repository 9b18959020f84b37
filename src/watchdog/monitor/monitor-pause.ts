import { now } from '../../node/clock.ts';
import { ownThread, SchedulingReader, type Scheduling } from '../protocol/scheduling.ts';
import { timeSpentWriting } from '../report/log.ts';
import type { StallKind } from '../stall-kinds.ts';

/** How often the scheduler's figures are read while nothing is wrong, in ms. */
const READ_EVERY = 1000;

/** A time in which the monitor itself did not run; instants of `now()`. */
export interface MonitorPause {
  readonly began: number;
  readonly ended: number;
  readonly kind: Extract<StallKind, 'starved' | 'suspended'>;
}

/**
 * Notices that the monitor itself did not run: then the watched thread is not to blame for the same time. Either the whole process
 * was suspended, or the machine had no CPU for the process.
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

  /** @param pace how long after the last tick this tick was due, in ms */
  tick(at: number, pace: number): MonitorPause | undefined {
    const began = this.#lastTick;
    const writingMs = timeSpentWriting() - this.#writingMs;
    this.#lastTick = at;
    this.#writingMs += writingMs;
    const wasPaused = at - began - pace - writingMs >= this.#threshold;
    if (!wasPaused && at - this.#readAt < READ_EVERY) return undefined;
    const before = this.#before;
    this.#before = this.#scheduling.read();
    this.#readAt = at;
    if (!wasPaused) return undefined;
    const waitingMs = (this.#before?.waiting ?? 0) - (before?.waiting ?? 0);
    return { began, ended: at, kind: waitingMs >= (at - began) / 2 ? 'starved' : 'suspended' };
  }

  close(): void {
    this.#scheduling.close();
  }
}
