import type { Call } from '../calls/call.ts';
import { laneOf, leastOfLane, type Learned } from '../learned/learned.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import type { PoolSettings } from '../settings.ts';
import { announceSpare } from '../spares/spare-channel.ts';
import type { Spares } from '../spares/spares.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';
import type { Workers } from '../workers/workers.ts';
import type { Choice } from './take-batch.ts';

/** A worker, and the waiting calls that it may be given. */
export interface Chosen {
  readonly worker: PoolWorker;
  readonly choice: Choice;
  /** Whether the worker was started as a spare just now. */
  readonly isNewSpare: boolean;
}

const inOrder: Choice = { accept: undefined };

/** Chooses the next worker, and which of the waiting calls it may be given. */
export class Chooser {
  readonly #settings: PoolSettings;
  readonly #queue: TaskQueue<Call>;
  readonly #workers: Workers;
  readonly #spares: Spares;
  /** Calls of this lane and those above it are expected to be heavy: to run for longer than `agedAfter`. */
  readonly #heavyLane: number;
  /** How many heavy calls may run while light ones wait. */
  readonly #heavyPlaces: number;

  constructor(settings: PoolSettings, queue: TaskQueue<Call>, workers: Workers, spares: Spares) {
    const { agedAfter, maxThreads, spareThreads } = settings;
    this.#settings = settings;
    this.#queue = queue;
    this.#workers = workers;
    this.#spares = spares;
    const lane = laneOf(agedAfter);
    this.#heavyLane = leastOfLane(lane) < agedAfter ? lane + 1 : lane;
    // Without spares, one place is kept for light calls where there are two.
    this.#heavyPlaces = spareThreads > 0 ? spareThreads : Math.max(1, maxThreads - 1);
  }

  /** @returns undefined where no worker is free for any of the waiting calls */
  next(): Chosen | undefined {
    return this.#nextInPlace() ?? this.#nextSpare();
  }

  /** Call this when the worker has been sent its calls, of which this one is the first. */
  begin({ worker, isNewSpare }: Chosen, call: Call): void {
    if (!worker.isSpare) return;
    if (call.learned.expected === undefined) call.learned.isExplored = true;
    this.#spares.stepBack();
    if (isNewSpare) announceSpare(this.#settings.name, worker, call, this.#spares.oldest);
  }

  #nextInPlace(): Chosen | undefined {
    const { first } = this.#queue;
    const { places } = this.#workers;
    if (first === undefined || !places.hasFree) return undefined;
    const choice = this.#isHeavy(first) ? this.#lightFirst(first) : inOrder;
    const worker = places.take(choice === inOrder && this.#isHeavy(first));
    return worker && { worker, choice, isNewSpare: false };
  }

  #nextSpare(): Chosen | undefined {
    const accept = this.#spares.isOpen ? this.#spares.admit() : undefined;
    if (accept === undefined || !this.#queue.hasClass(accept)) return undefined;
    const { places } = this.#workers;
    const before = places.sparesStarted;
    const worker = places.takeSpare();
    return worker && { worker, choice: { accept: ({ learned }) => accept(learned as Learned) }, isNewSpare: places.sparesStarted > before };
  }

  /** While heavy calls have all the places that they may have, light ones of the same priority go first. */
  #lightFirst({ priority }: Call): Choice {
    if (this.#heavyRunning < this.#heavyPlaces) return inOrder;
    const accept = (item: Pick<Call, 'lane'>): boolean => !this.#isHeavy(item);
    return this.#queue.find(accept, priority) === undefined ? inOrder : { accept, atLeast: priority };
  }

  #isHeavy({ lane }: Pick<Call, 'lane'>): boolean {
    return lane >= this.#heavyLane;
  }

  get #heavyRunning(): number {
    let count = 0;
    for (const { aging, message } of this.#workers.all()) {
      if (aging.usedMs !== undefined || message.calls.some((call) => call !== undefined && this.#isHeavy(call))) count++;
    }
    return count;
  }
}
