import { callersClock, realClock, type Clock } from '../../node/limit-clock.ts';
import type { Channel } from '../../wire/values/structured-clone.ts';
import type { StartWorker } from './engine.ts';
import { startInlineWorker } from './inline.ts';
import { startProcessWorker } from './processes.ts';
import { startThreadWorker } from './threads.ts';

/** A kind of worker, and its capabilities. */
export interface Engine {
  readonly start: StartWorker;
  /** Several calls may share one message. */
  readonly canBatch: boolean;
  /** Calls run on the caller's own thread: nothing is sent, and another worker would be no other place to run. */
  readonly isInline: boolean;
  /** How arguments and results travel. */
  readonly channel: Channel;
  /** Measures the timeouts and deadlines of calls. */
  readonly clock: Clock;
}

/** The values of the option `runtime`. */
export type Runtime = 'threads' | 'processes' | 'inline';

export const engines: Readonly<Record<Runtime, Engine>> = {
  threads: { start: startThreadWorker, canBatch: true, isInline: false, channel: 'message', clock: realClock },
  processes: { start: startProcessWorker, canBatch: false, isInline: false, channel: 'bytes', clock: realClock },
  // A test that fakes the clock fakes it for its inline pool too.
  inline: { start: startInlineWorker, canBatch: false, isInline: true, channel: 'message', clock: callersClock },
};
