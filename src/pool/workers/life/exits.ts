import type { WorkerExit } from '../../engines/engine.ts';
import { failStarted, failTransferred } from '../../responses/lost-calls.ts';
import { readAll } from '../../responses/notices.ts';
import type { WorkersEvents } from '../events.ts';
import type { PoolWorker } from '../pool-worker.ts';
import type { WorkerState } from '../worker-state.ts';
import { warnOfIdleCrash } from './exit-errors.ts';
import type { Launcher } from './launcher.ts';

/** Settles what follows when a worker has ended. */
export class Exits {
  readonly #pool: string;
  readonly #counts: { crashed: number; replaced: number };
  readonly #launcher: Launcher;
  readonly #events: Pick<WorkersEvents, 'callsReturned'> & { ensureMinimum(): void };

  constructor(pool: string, counts: { crashed: number; replaced: number }, launcher: Launcher, events: Pick<WorkersEvents, 'callsReturned'> & { ensureMinimum(): void }) {
    this.#pool = pool;
    this.#counts = counts;
    this.#launcher = launcher;
    this.#events = events;
  }

  /** Settles or returns the calls of a worker that is gone, and counts its end. @param before its state before it was gone */
  handle(worker: PoolWorker, exit: WorkerExit, before: WorkerState): void {
    readAll(worker);
    this.#events.callsReturned(worker.engine.isReady() ? failStarted(worker, exit) : failTransferred(worker, this.#launcher.failureOf(exit)));
    worker.endMessage();
    if (before !== 'ending' && worker.recycleReason === 'late-start') this.#counts.replaced++;
    else if (before !== 'ending') this.#recordCrash(worker, exit, before);
  }

  #recordCrash(worker: PoolWorker, exit: WorkerExit, before: WorkerState): void {
    this.#counts.crashed++;
    if (before === 'idle') warnOfIdleCrash(this.#pool, exit, worker.leftover);
    // After a worker that never sent a response, the next one may fail as well: it starts only when there is work.
    if (!worker.engine.isReady()) this.#launcher.recordFailure(worker.startedAt, exit);
    else if (worker.completed > 0) this.#events.ensureMinimum();
  }
}
