import { AsyncResource } from 'node:async_hooks';

import { ownCopy } from '../../node/own-properties.ts';
import { deadlineError } from '../../task/interruptions.ts';
import type { RunOptions } from '../../task/options.ts';
import type { TaskRecord } from '../../task/registry.ts';
import type { Admission, CallContext } from '../admission.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { MapCall, PromisedItem } from './map-call.ts';
import { assertIterable, checkMapOptions, mapResult, type MapOptions, type MapResult } from './map.ts';
import type { Items, MapPool, Problem } from './types.ts';
import type { PoolSettings } from '../settings.ts';
import { withCallSiteStack, closedError, notATaskError } from '../calls/refusals.ts';
import { taskChannel } from '../calls/trace.ts';

/** The part of a pool that its maps use. */
export interface MapsHost {
  readonly settings: PoolSettings;
  readonly dispatcher: Dispatcher;
  readonly admission: Admission;
  inRoot<R>(fn: () => R): R;
  ready(): Promise<void>;
  send(): void;
  /** Puts a call for the item into the queue. */
  enqueue(record: TaskRecord, item: unknown, options: RunOptions, context: CallContext, onSettled: () => void): MapCall;
  /** Makes a traced call. */
  run(record: TaskRecord, args: readonly unknown[], options: RunOptions, contextOf: () => CallContext): Promise<unknown>;
}

/** The context of a map's caller, or the reason why it cannot be encoded. */
type CallerContext = { readonly context: CallContext; readonly problem: undefined } | { readonly context: undefined; readonly problem: Problem };

/** The maps of a pool. */
export class Maps {
  readonly #host: MapsHost;
  /** Listeners of maps that wait for their source or for room, and must not wait forever. */
  readonly #waiting = new Set<() => void>();
  #isClosed = false;

  constructor(host: MapsHost) {
    this.#host = host;
  }

  /** Encodes the caller's context at once. If that fails, reading the results rejects with the error. */
  map<I, R>(task: unknown, record: TaskRecord | undefined, items: Items<I>, options: MapOptions): MapResult<R> {
    const { ordered = true, concurrency, signal, ...others } = checkMapOptions(options);
    const runOptions = ownCopy<RunOptions>(others);
    assertIterable(items);
    const { context, problem } = record === undefined ? { context: undefined, problem: { reason: notATaskError('map', task) } } : this.#contextOf(record.name, runOptions);
    const name = record?.name ?? '';
    return mapResult<I, R, MapCall | PromisedItem>(this.#poolFor(record!, runOptions, context!), items, {
      ...{ isOrdered: ordered, limit: concurrency, signal, problem, due: context?.due, clock: this.#host.settings.engine.clock },
      scope: new AsyncResource('offloop.Map', { requireManualDestroy: true }),
      deadlineError: () => deadlineError(name, 'mapping'),
    });
  }

  /**
   * Call this when the pool is closed, and not before: code that awaits `pool.close()` can then handle the rejection of a map
   * that is still pending, before the rejection counts as unhandled.
   */
  end(): void {
    this.#isClosed = true;
    for (const listener of [...this.#waiting]) listener();
  }

  #contextOf(task: string, options: RunOptions): CallerContext {
    try {
      return { context: this.#host.admission.contextOf(task, options), problem: undefined };
    } catch (error) {
      return { context: undefined, problem: { reason: withCallSiteStack(error) } };
    }
  }

  #poolFor<I>(record: TaskRecord, options: RunOptions, context: CallContext): MapPool<I, MapCall | PromisedItem> {
    const { settings, dispatcher, admission, inRoot, ...host } = this.#host;
    const { reservations } = admission;
    const isClosed = (): boolean => this.#isClosed;
    const refusal = (): Error => closedError(settings.name, `pool.map() was waiting for the next item for '${record.name}' when`);
    return {
      get defaultLimit() { return 2 * settings.maxThreads * dispatcher.batchSize(record); },
      get room() { return reservations.free; },
      get refusal() { return isClosed() ? refusal() : undefined; },
      onRefusal: (listener) => {
        this.#waiting.add(listener);
        return () => this.#waiting.delete(listener);
      },
      ready: async () => {
        await host.ready().catch(() => { throw refusal(); });
        // The map checks the room again before it calls, so it needs no reservation.
        reservations.consume();
      },
      enqueue: (item, onSettled) => {
        // The item uses a slot that nobody has reserved: its call then consumes this reservation and no other.
        reservations.reserve();
        return this.#itemOf(record, item, options, context, onSettled);
      },
      send: () => { host.send(); },
      cancel: (item, reason) => {
        if (item instanceof MapCall) inRoot(() => { dispatcher.cancel(item, 'abort', () => reason); });
        else item.cancel(reason);
      },
    };
  }

  #itemOf(record: TaskRecord, item: unknown, options: RunOptions, context: CallContext, onSettled: () => void): MapCall | PromisedItem {
    const { admission, enqueue, run } = this.#host;
    if (!taskChannel.hasSubscribers) return enqueue(record, item, options, context, onSettled);
    const contextOf = admission.contextInTrace(context, options);
    return new PromisedItem((signal) => run(record, [item], { ...options, signal }, contextOf), onSettled);
  }
}
