import { inCleanRoot } from '../../context/root.ts';
import { clearTimeout, now } from '../../node/clock.ts';
import { activityIn } from '../../node/cpus/thread-cpu.ts';
import { unrefTimer } from '../../node/timers.ts';
import { Contention, type ThreadTimes } from './contention.ts';

const LOOK_EVERY_MS = 1000;

/** A worker that runs, as far as its share of the CPUs is concerned. */
export interface RunningWorker {
  readonly isSpare: boolean;
  readonly loweredBy: number;
  readonly engine: { readonly tid: number; readonly procFolder: string | undefined };
}

export interface CapacityHost {
  /** The workers that have a task. */
  running(): Iterable<RunningWorker>;
  isQueueing(): boolean;
  /** Another number of workers may run now. */
  changed(): void;
}

/** Looks once a second, while calls wait for threads, whether more threads run than get a CPU: see `Contention`. */
export class CapacityWatch {
  readonly #contention: Contention;
  readonly #host: CapacityHost;
  readonly #isOn: boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param isOn false where the user has set the number of threads, and where the workers are no threads */
  constructor(maxThreads: number, isOn: boolean, host: CapacityHost) {
    this.#host = host;
    this.#isOn = isOn;
    this.#contention = new Contention(maxThreads, () => timesOf(this.#running()));
  }

  /** How many workers should run, besides spares. */
  get threads(): number {
    return this.#contention.threads;
  }

  /** Call this when calls wait and no worker is free for them. */
  watch(): void {
    if (this.#isOn) this.#timer ??= inCleanRoot(() => unrefTimer(() => { this.#look(); }, LOOK_EVERY_MS));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#contention.look({ at: now(), busy: this.#running().length, isQueueing: this.#host.isQueueing() })) this.#host.changed();
    if (this.#host.isQueueing()) this.watch();
  }

  #running(): RunningWorker[] {
    return [...this.#host.running()].filter(({ isSpare, loweredBy }) => !isSpare && loweredBy === 0);
  }
}

function timesOf(workers: readonly RunningWorker[]): ThreadTimes[] {
  return workers.flatMap(({ engine: { tid, procFolder } }) => {
    const activity = procFolder === undefined ? undefined : activityIn(procFolder);
    return activity === undefined ? [] : [{ id: tid, ...activity }];
  });
}
