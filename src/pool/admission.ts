import { captureStores, storesOfCarrier, type CallStores } from '../context/call-stores.ts';
import { readCarrier, type CarrierParts } from '../context/carrier-reader.ts';
import { currentDeadline, nearer } from '../context/deadline.ts';
import { deadlineError } from '../task/interruptions.ts';
import type { RunOptions } from '../task/options.ts';
import type { TaskRecord } from '../task/registry.ts';
import { prepareList } from '../wire/values/cloneability.ts';
import { extrasOf, type Call } from './calls/call.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { PoolSettings } from './options.ts';
import { Reservations } from './reservations.ts';
import { assertList, fullError } from './calls/refusals.ts';
import type { TracedCall } from './calls/trace.ts';

/** Makes the call of what has been admitted. */
export type Create<C extends Call> = (...parts: ConstructorParameters<typeof Call>) => C;

/** The part of a caller's context that a call brings, encoded. */
export interface CallContext {
  readonly stores: CallStores | undefined;
  /** Epoch ms. */
  readonly deadline: number | undefined;
  /** The same by the pool's clock. */
  readonly due: number | undefined;
}

/** Which calls come into the queue: what one brings is checked and encoded here, and whether there is a place for it. */
export class Admission {
  readonly #settings: PoolSettings;
  readonly #dispatcher: Dispatcher;
  /** For those who wait for room. */
  readonly reservations = new Reservations(() => (this.#startsAtOnce ? this.#settings.maxQueue + 1 : this.#room));

  constructor(settings: PoolSettings, dispatcher: Dispatcher) {
    this.#settings = settings;
    this.#dispatcher = dispatcher;
  }

  /**
   * @param given what the call brings where its caller's context was encoded before; else that is done now
   * @throws why it may not come in; an aborted signal's reason may be anything
   */
  admit<C extends Call>(id: number, task: TaskRecord, args: readonly unknown[], options: RunOptions, traced: TracedCall | undefined, create: Create<C>, given?: CallContext): C {
    assertList(task.name, args);
    const { signal, context, onProgress } = options;
    if (signal?.aborted === true) throw signal.reason;
    const carried = given === undefined && typeof context === 'object' ? readCarrier(context) : undefined;
    const deadline = given === undefined ? nearer(nearer(options.deadline, carried?.deadline), currentDeadline()) : given.deadline;
    const due = given === undefined ? deadline && this.#settings.engine.clock.instantOf(deadline) : given.due;
    if (due !== undefined && this.#settings.engine.clock.timeTo(due) <= 0) throw deadlineError(task.name, 'called');
    if (this.#room <= 0) throw fullError(this.#settings.name, this.#settings.maxQueue, task.name);
    const transfer = options.transfer && [...options.transfer];
    const prepared = prepareList(args, 'args', { channel: this.#settings.engine.channel, transfer, exports: undefined });
    const extras = extrasOf(prepared?.repairs, transfer, this.#timeoutOf(task, options), deadline, due, onProgress, signal, traced);
    const priority = options.priority ?? task.priority ?? 0;
    const stores = given === undefined ? this.#stores(context, carried) : given.stores;
    const call = create(id, task, this.#dispatcher.timings.of(task), prepared?.value ?? args, stores, priority, extras);
    this.reservations.redeem();
    return call;
  }

  /**
   * Encodes the caller's context now, for calls that are made later.
   * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE)
   */
  contextOf({ context, deadline }: RunOptions): CallContext {
    const carried = typeof context === 'object' ? readCarrier(context) : undefined;
    const nearest = nearer(nearer(deadline, carried?.deadline), currentDeadline());
    return { stores: this.#stores(context, carried), deadline: nearest, due: nearest && this.#settings.engine.clock.instantOf(nearest) };
  }

  /**
   * The same context for a call that a tracer looks at, which may bind stores to the call: it has a span of its own.
   * @returns what gives the context, with the stores that have been bound until then
   */
  contextInTrace(given: CallContext, { context }: RunOptions): () => CallContext {
    if (context !== undefined && context !== 'inherit') return () => given;
    const records = [...this.#settings.stores()];
    const before = new Map(records.map((record) => [record.name, record.store.getStore()]));
    return () => {
      const bound = records.filter(({ name, store }) => !Object.is(store.getStore(), before.get(name)));
      if (bound.length === 0) return given;
      const others = (given.stores ?? []).filter(({ name }) => !bound.some((record) => record.name === name));
      return { ...given, stores: [...others, ...(captureStores(bound) ?? [])] };
    };
  }

  /** How many more calls may come in. */
  get #room(): number {
    return this.#startsAtOnce ? Infinity : this.#settings.maxQueue - this.#dispatcher.queue.newcomers;
  }

  /** A call needs no place in the queue: a worker is free, or none can be started, which the call is told at once. */
  get #startsAtOnce(): boolean {
    return this.#dispatcher.queue.size === 0 && this.#dispatcher.isPumpable;
  }

  #timeoutOf(task: TaskRecord, options: RunOptions): number | undefined {
    const timeout = options.timeout ?? task.timeout ?? this.#settings.timeout;
    return timeout === Infinity ? undefined : timeout;
  }

  #stores(context: RunOptions['context'], carried: CarrierParts | undefined): CallStores | undefined {
    if (context === undefined || context === 'inherit') return captureStores(this.#settings.stores());
    return carried && storesOfCarrier(carried);
  }
}
