import { Object, Math } from '../../node/intrinsics.ts';
import { now } from '../../node/clock.ts';
import { inCleanRoot, inScopeOfItsOwn } from '../../context/root.ts';
import { SAME_TEXT, type Batch, type BatchExtras, type BatchStores } from '../../wire/messages/batch.ts';
import type { RunMessage } from '../../wire/messages/requests.ts';
import type { BatchDone, RunResponse } from '../../wire/messages/responses.ts';
import type { ResponseNotice, UnknownTextNotice } from '../../wire/messages/notices.ts';
import { ownOnly } from '../../wire/own-only.ts';
import type { BatchResults } from '../../wire/batch-results.ts';
import type { KeptTexts } from '../../wire/kept-texts.ts';
import { isThenable } from '../../node/promises.ts';
import { scopeOf, transfersOf } from './responses.ts';
import type { Scope } from './running-task.ts';
import { run } from './task-runner.ts';
import type { WorkerHost } from './worker-host.ts';

/** What is around a batch. */
export interface BatchHost extends WorkerHost {
  readonly results: BatchResults;
  /** Of stores. */
  readonly texts: KeptTexts;
  /** The task that runs has reported progress. */
  hasReported: boolean;
  /** What cannot be cloned is answered for by an error. */
  post(notice: ResponseNotice | UnknownTextNotice): void;
  /** Has the pool look at the sheet. */
  announceResults(): void;
}

/** Answers stand on the sheet for so many ms of running until the pool is told to look at it. */
const HOLD_MS = 0.25;

/** Runs the tasks of a batch in turn. */
export function runBatch(batch: Batch, host: BatchHost): BatchDone | Promise<BatchDone> {
  host.results.begin(batch.number);
  host.hasReported = false;
  // What is entered in a task is seen in its own scope alone, so that one clean root does for all of them.
  return inCleanRoot(() => new BatchRun(batch, host).from(0, inScopeOfItsOwn));
}

class BatchRun {
  readonly #batch: Batch;
  readonly #host: BatchHost;
  readonly #receivedAt = now();
  readonly #argsFrom: readonly number[] | undefined;
  readonly #stores: readonly TaskStores[] | undefined;
  /** Ms of running that the pool has not been told of. */
  #heldMs = 0;
  #memory: number | undefined;

  constructor(batch: Batch, host: BatchHost) {
    this.#batch = batch;
    this.#host = host;
    this.#stores = batch.stores && storesOfTasks(ownOnly(batch.stores), batch.size, host.texts);
    this.#argsFrom = typeof batch.arity === 'number' ? undefined : offsets(batch.arity);
  }

  from(first: number, scope: Scope): BatchDone | Promise<BatchDone> {
    const { size } = this.#batch;
    for (let place = first; place < size; place++) {
      if (!this.#host.results.claim(place)) continue;
      const stores = this.#stores?.[place];
      if (stores === UNKNOWN) {
        this.#host.post({ type: 'unknown-text', id: this.#id(place), place });
        continue;
      }
      const response = run(this.#message(place, stores), this.#host, scope);
      if (isThenable(response)) {
        this.#point();
        return this.#goOn(place, response);
      }
      this.#answer(place, response);
    }
    return { type: 'done', memory: this.#memory };
  }

  /** After a task that was waited for, nobody knows in whose scope this runs. */
  async #goOn(place: number, response: PromiseLike<RunResponse>): Promise<BatchDone> {
    this.#answer(place, await response);
    return this.from(place + 1, inCleanRoot);
  }

  #answer(place: number, response: RunResponse): void {
    const scope = scopeOf(response);
    if (scope === undefined) this.#tell(place, response);
    else scope.runInAsyncScope(() => { this.#tell(place, response); });
  }

  #tell(place: number, response: RunResponse): void {
    const { runMs, memory } = response;
    const { hasReported } = this.#host;
    this.#memory = memory;
    this.#host.hasReported = false;
    // On the sheet, its answer would overtake what it has reported.
    if (!hasReported && isPlain(response) && this.#host.results.finish(place, response.value, runMs)) {
      this.#heldMs += runMs;
      if (this.#heldMs >= HOLD_MS) this.#point();
    } else this.#host.post({ type: 'response', id: this.#id(place), place, waitedMs: Math.max(0, now() - this.#receivedAt - runMs), response });
  }

  #point(): void {
    if (this.#heldMs > 0) this.#host.announceResults();
    this.#heldMs = 0;
  }

  /** With every key, so that none is looked for on Object.prototype. */
  #message(place: number, stores: string[] | undefined): RunMessage {
    const { tasks, extras } = this.#batch;
    const task = typeof tasks === 'number' ? tasks : tasks[place]!;
    const { repairs, deadline, due, sayWhenStarted } = extras !== undefined && Object.hasOwn(extras, place) ? ownOnly(extras[place]!) : noExtras;
    return { type: 'run', id: this.#id(place), task, args: this.#args(place), stores, repairs, deadline, due, sayWhenStarted, declares: undefined, declaredIn: undefined, setup: undefined };
  }

  #id(place: number): number {
    const { ids } = this.#batch;
    return typeof ids === 'number' ? ids + place : ids[place]!;
  }

  #args(place: number): unknown[] {
    const { args, arity } = this.#batch;
    const count = typeof arity === 'number' ? arity : arity[place]!;
    const from = this.#argsFrom?.[place] ?? count * place;
    return count === 1 ? [args[from]] : args.slice(from, from + count);
  }
}

function isPlain(response: RunResponse): response is RunResponse & { readonly type: 'returned' } {
  return response.type === 'returned' && response.repairs === undefined && transfersOf(response) === undefined;
}

const noExtras = ownOnly<BatchExtras>({});

/** Stands for the stores of a task one of whose texts this worker does not have. */
const UNKNOWN = null;

/** Name, text, name, text …; undefined where there is no store. */
type TaskStores = string[] | undefined | typeof UNKNOWN;

/** The stores of each task. All are taken apart at once: the next message may be about texts that came with this one. */
function storesOfTasks(stores: BatchStores, size: number, texts: KeptTexts): TaskStores[] {
  const { layouts, layoutOf } = stores;
  const next = textReader(stores, texts);
  const tasks: TaskStores[] = [];
  let previous: (string | undefined)[] = [];
  for (let place = 0; place < size; place++) {
    const layout = layouts[typeof layoutOf === 'number' ? layoutOf : layoutOf[place]!];
    if (layout === undefined) {
      tasks.push(undefined);
      continue;
    }
    const wire: (string | undefined)[] = [];
    for (const name of layout) wire.push(name, next(previous[wire.length + 1]));
    previous = wire;
    tasks.push(wire.includes(undefined) ? UNKNOWN : wire as string[]);
  }
  return tasks;
}

/** Reads text after text. What the message brings for a number holds, whatever was kept under it. */
function textReader({ numbers, keep, keepNumbers, text, ends }: BatchStores, texts: KeptTexts): (previous: string | undefined) => string | undefined {
  let [nth, kept, sliced] = [0, 0, 0];
  return (previous) => {
    const number = numbers[nth++]!;
    if (number === SAME_TEXT) return previous;
    if (number === 0) return text.slice(ends[sliced - 1] ?? 0, ends[sliced++]);
    if (keepNumbers[kept] === number) texts.set(number, keep[kept++]!);
    return texts.get(number);
  };
}

function offsets(arity: readonly number[]): number[] {
  let sum = 0;
  return arity.map((count) => (sum += count) - count);
}
