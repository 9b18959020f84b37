import { Object, Math } from '../../node/intrinsics.ts';
import { now } from '../../node/clock.ts';
import { inCleanRoot, inScopeOfItsOwn } from '../../context/root.ts';
import type { Batch, BatchExtras } from '../../wire/messages/batch.ts';
import type { RunMessage } from '../../wire/messages/requests.ts';
import type { BatchDone, RunResponse } from '../../wire/messages/responses.ts';
import type { ResponseNotice, UnknownTextNotice } from '../../wire/messages/notices.ts';
import { ownOnly } from '../../wire/own-only.ts';
import type { BatchResults } from '../../wire/batch-results.ts';
import type { KeptTexts } from '../../wire/kept-texts.ts';
import { BatchCpu } from '../cpu/batch-cpu.ts';
import { isThenable } from '../../node/promises.ts';
import { storesOfCalls, UNKNOWN, type StoresOfCall } from './batch-stores.ts';
import { scopeOf, transfersOf } from './responses.ts';
import type { Scope } from './running-task.ts';
import { run } from './task-runner.ts';
import type { WorkerHost } from './worker-host.ts';

export interface BatchHost extends WorkerHost {
  readonly results: BatchResults;
  /** Texts of carried stores. */
  readonly texts: KeptTexts;
  /** Whether the running task has reported progress. */
  hasReported: boolean;
  /** A response that cannot be cloned is sent as an error. */
  post(notice: ResponseNotice | UnknownTextNotice): void;
  /** Tells the pool that the batch results have new values. */
  announceResults(): void;
  /** The CPU time of this thread, in ms; undefined where it is not known. */
  readCpu(): number | undefined;
  /** A call of the batch is over. @param ms its run time */
  addRun(ms: number): void;
}

/** After how much run time the pool is told about new results, in ms. */
const ANNOUNCE_MS = 0.25;

/** Runs the calls of a batch in turn. */
export function runBatch(batch: Batch, host: BatchHost): BatchDone | Promise<BatchDone> {
  host.results.begin(batch.number);
  host.hasReported = false;
  // Stores that are entered for a call are visible only in its own scope, so one clean root serves all calls.
  return inCleanRoot(() => new BatchRun(batch, host).from(0, inScopeOfItsOwn));
}

class BatchRun {
  readonly #batch: Batch;
  readonly #host: BatchHost;
  readonly #receivedAt = now();
  readonly #argsFrom: readonly number[] | undefined;
  readonly #stores: readonly StoresOfCall[] | undefined;
  /** Run time of results that have not been announced, in ms. */
  #unannouncedMs = 0;
  #memory: number | undefined;
  readonly #cpu: BatchCpu;

  constructor(batch: Batch, host: BatchHost) {
    this.#batch = batch;
    this.#host = host;
    this.#cpu = new BatchCpu(host.readCpu, batch.cpuEveryMs, host.results);
    this.#stores = batch.stores && storesOfCalls(ownOnly(batch.stores), batch.size, host.texts);
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
        this.#announce();
        return this.#goOn(place, response);
      }
      this.#respond(place, response);
    }
    this.#cpu.end();
    return { type: 'done', memory: this.#memory };
  }

  /** After an await, this runs in an unknown scope: the calls that follow start from a clean root. */
  async #goOn(place: number, response: PromiseLike<RunResponse>): Promise<BatchDone> {
    this.#respond(place, await response);
    return this.from(place + 1, inCleanRoot);
  }

  #respond(place: number, response: RunResponse): void {
    const scope = scopeOf(response);
    if (scope === undefined) this.#send(place, response);
    else scope.runInAsyncScope(() => { this.#send(place, response); });
  }

  #send(place: number, response: RunResponse): void {
    const { runMs, memory } = response;
    const { hasReported } = this.#host;
    this.#host.addRun(runMs);
    this.#cpu.add(place, runMs);
    this.#memory = memory;
    this.#host.hasReported = false;
    // In the batch results, the response would overtake the task's progress values.
    if (!hasReported && isPlain(response) && this.#host.results.store(place, response.value, runMs)) {
      this.#unannouncedMs += runMs;
      if (this.#unannouncedMs >= ANNOUNCE_MS) this.#announce();
    } else this.#host.post({ type: 'response', id: this.#id(place), place, waitedMs: Math.max(0, now() - this.#receivedAt - runMs), response });
  }

  #announce(): void {
    if (this.#unannouncedMs > 0) this.#host.announceResults();
    this.#unannouncedMs = 0;
  }

  /** With every key, so that none is read from Object.prototype. */
  #message(place: number, stores: string[] | undefined): RunMessage {
    const { tasks, extras } = this.#batch;
    const task = typeof tasks === 'number' ? tasks : tasks[place]!;
    const { repairs, deadline, due, sayWhenStarted } = extras !== undefined && Object.hasOwn(extras, place) ? ownOnly(extras[place]!) : noExtras;
    return { type: 'run', id: this.#id(place), task, args: this.#args(place), stores, repairs, deadline, due, sayWhenStarted, wantsCpu: undefined, declares: undefined, declaredIn: undefined, setup: undefined };
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

function offsets(arity: readonly number[]): number[] {
  let sum = 0;
  return arity.map((count) => (sum += count) - count);
}
