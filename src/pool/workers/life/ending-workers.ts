import { stopStackReader } from '../../engines/worker-stack/worker-stack.ts';
import type { PoolWorker } from '../pool-worker.ts';

/** The workers that a pool is ending, which no longer count as the pool's workers. */
export class EndingWorkers {
  readonly #endGrace: number;
  readonly #onHooksDone: () => void;
  readonly #ending = new Set<Promise<void>>();
  #runningHooks = 0;

  /** @param endGrace ms that the end hooks of a worker may take @param onHooksDone called when `runningHooks` has become smaller */
  constructor(endGrace: number, onHooksDone: () => void) {
    this.#endGrace = endGrace;
    this.#onHooksDone = onHooksDone;
  }

  get size(): number {
    return this.#ending.size;
  }

  /** How many workers are running their end hooks. */
  get runningHooks(): number {
    return this.#runningHooks;
  }

  end(worker: PoolWorker): void {
    // A task that is still running may block the worker's thread, and so the hooks.
    const canRunHooks = this.#endGrace > 0 && worker.hasEndHooks && worker.message.pendingCalls().length === 0;
    const gone = (canRunHooks ? this.#endAfterHooks(worker) : worker.engine.terminate()).finally(() => this.#ending.delete(gone));
    this.#ending.add(gone);
  }

  /** Resolves when all of them are gone, and the thread that reads their stacks. */
  async whenGone(): Promise<void> {
    await Promise.all(this.#ending);
    await stopStackReader();
  }

  async #endAfterHooks(worker: PoolWorker): Promise<void> {
    this.#runningHooks++;
    await worker.runEndHooks(this.#endGrace);
    this.#runningHooks--;
    this.#onHooksDone();
    await worker.engine.terminate();
  }
}
