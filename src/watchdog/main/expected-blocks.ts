import { now } from '../../node/clock.ts';
import type { SharedState } from '../protocol/shared-state.ts';
import type { Heartbeat } from './heartbeat.ts';

/** Blocks that the user has announced. The shared state has a flag while they last, so that the monitor does not report them. */
export class ExpectedBlocks {
  readonly #sharedState: SharedState;
  readonly #heartbeat: Heartbeat;
  readonly #threshold: number;

  constructor(sharedState: SharedState, heartbeat: Heartbeat, threshold: number) {
    this.#sharedState = sharedState;
    this.#heartbeat = heartbeat;
    this.#threshold = threshold;
  }

  /** Runs `fn`. The block is expected until `fn` has returned, or until the promise that `fn` returned has settled. */
  run<R>(fn: () => R): R {
    const startedAt = now();
    this.#change(1);
    let isLasting = false;
    try {
      const result = fn();
      if (isThenable(result)) {
        isLasting = true;
        const end = (): void => {
          // The code that has just settled the promise may have kept the heartbeat waiting.
          this.late(now() - this.#sharedState.get('beat'));
          this.#change(-1);
        };
        result.then(end, end);
      }
      return result;
    } finally {
      this.late(now() - startedAt);
      if (isLasting) this.#heartbeat.restart();
      else this.#change(-1);
    }
  }

  /** Counts a block of so many ms, where it was expected. Nested blocks count once. */
  late(ms: number): void {
    if (ms < this.#threshold || this.#sharedState.flag('expected') !== 1) return;
    this.#sharedState.add('expectedCount', 1);
    this.#sharedState.add('expectedMs', ms);
  }

  /** Restarts the heartbeat, so that the time from now on is measured on its own. */
  #change(by: 1 | -1): void {
    this.#sharedState.raise('expected', this.#sharedState.flag('expected') + by);
    this.#heartbeat.restart();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
