import type { SharedState } from '../protocol/shared-state.ts';
import { now } from '../protocol/clock.ts';
import type { Heartbeat } from './heartbeat.ts';

/** Blocks that were announced: a flag on the board while they last, so that the monitor looks away. */
export class ExpectedBlocks {
  readonly #board: SharedState;
  readonly #heartbeat: Heartbeat;
  readonly #threshold: number;

  constructor(board: SharedState, heartbeat: Heartbeat, threshold: number) {
    this.#board = board;
    this.#heartbeat = heartbeat;
    this.#threshold = threshold;
  }

  /** Until `fn` has returned; what it returned has settled, where that is a promise. */
  run<R>(fn: () => R): R {
    const startedAt = now();
    this.#change(1);
    let isLasting = false;
    try {
      const result = fn();
      if (isThenable(result)) {
        isLasting = true;
        const end = (): void => {
          // What has just ended may have kept the heartbeat waiting.
          this.late(now() - this.#board.get('beat'));
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

  /** The loop did not turn for so long, in ms; counted once where such blocks are nested. */
  late(ms: number): void {
    if (ms < this.#threshold || this.#board.flag('expected') !== 1) return;
    this.#board.add('expectedCount', 1);
    this.#board.add('expectedMs', ms);
  }

  /** What comes is measured on its own. */
  #change(by: 1 | -1): void {
    this.#board.raise('expected', this.#board.flag('expected') + by);
    this.#heartbeat.restart();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
