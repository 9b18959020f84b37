import { inCleanRoot, inScopeOfItsOwn } from '../context/root.ts';
import { SAME_TEXT, type AnswerNotice, type Batch, type BatchDone, type BatchStores, type RunMessage, type RunResponse } from '../wire/messages.ts';
import type { Sheet } from '../wire/sheet.ts';
import type { KeptTexts } from '../wire/texts.ts';
import { now } from './clock.ts';
import { run, scopeOf, transfersOf, type Scope, type WorkerHost } from './run.ts';

/** What is around a batch. */
export interface BatchHost extends WorkerHost {
  readonly sheet: Sheet;
  /** Of stores. */
  readonly texts: KeptTexts;
  /** The task that runs has reported progress. */
  hasReported: boolean;
  /** What cannot be cloned is answered for by an error. */
  post(notice: AnswerNotice): void;
  /** Has the pool look at the sheet. */
  pointAtSheet(): void;
}

/** Answers stand on the sheet for so many ms of running until the pool is told to look at it. */
const HOLD_MS = 0.25;

/** Runs the tasks of a batch in turn. */
export function runBatch(batch: Batch, host: BatchHost): BatchDone | Promise<BatchDone> {
  host.sheet.begin();
  host.hasReported = false;
  // What is entered in a task is seen in its own scope alone, so that one clean root does for all of them.
  return inCleanRoot(() => new BatchRun(batch, host).from(0, inScopeOfItsOwn));
}

class BatchRun {
  readonly #batch: Batch;
  readonly #host: BatchHost;
  readonly #receivedAt = now();
  readonly #argsFrom: readonly number[] | undefined;
  readonly #stores: readonly (string[] | undefined)[] | undefined;
  /** Ms of running that the pool has not been told of. */
  #heldMs = 0;
  #memory: number | undefined;

  constructor(batch: Batch, host: BatchHost) {
    this.#batch = batch;
    this.#host = host;
    this.#stores = batch.stores && storesOfTasks(batch.stores, batch.size, host.texts);
    this.#argsFrom = typeof batch.arity === 'number' ? undefined : offsets(batch.arity);
  }

  from(first: number, scope: Scope): BatchDone | Promise<BatchDone> {
    const { size } = this.#batch;
    for (let place = first; place < size; place++) {
      if (!this.#host.sheet.claim(place)) continue;
      const response = run(this.#message(place), this.#host, scope);
      if (response instanceof Promise) {
        this.#point();
        return this.#goOn(place, response);
      }
      this.#answer(place, response);
    }
    return { type: 'done', memory: this.#memory };
  }

  /** After a task that was waited for, nobody knows in whose scope this runs. */
  async #goOn(place: number, response: Promise<RunResponse>): Promise<BatchDone> {
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
    if (!hasReported && isPlain(response) && this.#host.sheet.finish(place, response.value, runMs)) {
      this.#heldMs += runMs;
      if (this.#heldMs >= HOLD_MS) this.#point();
    } else this.#host.post({ type: 'answer', place, waitedMs: Math.max(0, now() - this.#receivedAt - runMs), response });
  }

  #point(): void {
    if (this.#heldMs > 0) this.#host.pointAtSheet();
    this.#heldMs = 0;
  }

  #message(place: number): RunMessage {
    const { ids, tasks, extras } = this.#batch;
    const message = {
      id: typeof ids === 'number' ? ids + place : ids[place]!,
      task: typeof tasks === 'number' ? tasks : tasks[place]!,
      args: this.#args(place),
      stores: this.#stores?.[place],
    };
    return extras?.[place] === undefined ? message : { ...message, ...extras[place] };
  }

  #args(place: number): unknown[] {
    const { args, arity } = this.#batch;
    const count = typeof arity === 'number' ? arity : arity[place]!;
    const from = this.#argsFrom?.[place] ?? count * place;
    return count === 1 ? [args[from]] : args.slice(from, from + count);
  }
}

function isPlain(response: RunResponse): response is RunResponse & { readonly type: 'returned' } {
  return response.type === 'returned' && response.buffers === undefined && transfersOf(response) === undefined;
}

/** Name, text, name, text … of each task. All are taken apart at once: the next message builds on what this one had. */
function storesOfTasks({ layouts, layoutOf, numbers, keep, text, ends }: BatchStores, size: number, texts: KeptTexts): (string[] | undefined)[] {
  const tasks: (string[] | undefined)[] = [];
  let [nth, kept, sliced] = [0, 0, 0];
  const nextKept = (): string => keep[kept++]!;
  const nextSlice = (): string => text.slice(ends[sliced - 1] ?? 0, ends[sliced++]);
  let previous: string[] = [];
  for (let place = 0; place < size; place++) {
    const layout = layouts[typeof layoutOf === 'number' ? layoutOf : layoutOf[place]!];
    if (layout === undefined) {
      tasks.push(undefined);
      continue;
    }
    const wire: string[] = [];
    for (const name of layout) {
      const number = numbers[nth++]!;
      if (number === SAME_TEXT) wire.push(name, previous[wire.length + 1]!);
      else wire.push(name, number === 0 ? nextSlice() : texts.get(number, nextKept));
    }
    tasks.push(previous = wire);
  }
  return tasks;
}

function offsets(arity: readonly number[]): number[] {
  let sum = 0;
  return arity.map((count) => (sum += count) - count);
}
