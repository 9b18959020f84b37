import { captureStores, type CallStores } from '../context/call-stores.ts';
import { readCarrier, type CarrierParts } from '../context/carrier-reader.ts';
import { currentDeadline, nearer } from '../context/deadline.ts';
import { deadlineError } from '../task/interruptions.ts';
import type { RunOptions } from '../task/options.ts';
import type { TaskRecord } from '../task/registry.ts';
import { prepareList, sizeOfSimpleList } from '../wire/values/cloneability.ts';
import { NOT_SIMPLE } from '../wire/values/simple.ts';
import type { Call } from './calls/call.ts';
import { extrasOf } from './calls/extras.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { UNKNOWN_LANE } from './learned/learned.ts';
import { learnedFor } from './learned/learned-for.ts';
import { sizeClass, sizeClassOf } from './learned/size-class.ts';
import type { KeyReader } from './queue/call-key.ts';
import type { PoolSettings } from './settings.ts';
import { Reservations } from './reservations.ts';
import { assertArgsArray, queueFullError } from './calls/refusals.ts';
import type { TracedCall } from './calls/trace.ts';

/** Constructs a call that has been admitted. */
export type Create<C extends Call> = (...parts: ConstructorParameters<typeof Call>) => C;

/** A caller's context, encoded for the worker. */
export interface CallContext {
  readonly stores: CallStores | undefined;
  /** Epoch ms. */
  readonly deadline: number | undefined;
  /** The deadline as an instant of the pool's clock. */
  readonly due: number | undefined;
  /** The key of `fairBy`, where the caller's context has it. */
  readonly fairKey: string | undefined;
}

/** Decides which calls enter the queue: checks that there is room, and checks and encodes each call's arguments and context. */
export class Admission {
  readonly #settings: PoolSettings;
  readonly #dispatcher: Dispatcher;
  /** Queue slots for callers that wait for room. */
  readonly reservations = new Reservations(() => (this.#startsAtOnce ? this.#settings.maxQueue + 1 : this.#room));

  constructor(settings: PoolSettings, dispatcher: Dispatcher) {
    this.#settings = settings;
    this.#dispatcher = dispatcher;
  }

  /**
   * @param encoded the caller's context, where `contextOf()` has encoded it before; otherwise it is encoded here
   * @throws the reason of the refusal; where the signal has aborted, its reason, which may be any value
   */
  admit<C extends Call>(id: number, task: TaskRecord, args: readonly unknown[], options: RunOptions, traced: TracedCall | undefined, create: Create<C>, encoded?: CallContext): C {
    assertArgsArray(task.name, args);
    const { signal, context, onProgress } = options;
    if (signal?.aborted === true) throw signal.reason;
    const carried = encoded === undefined && typeof context === 'object' ? readCarrier(context) : undefined;
    const deadline = encoded === undefined ? nearer(nearer(options.deadline, carried?.deadline), currentDeadline()) : encoded.deadline;
    const due = encoded === undefined ? deadline && this.#settings.engine.clock.instantOf(deadline) : encoded.due;
    if (due !== undefined && this.#settings.engine.clock.timeTo(due) <= 0) throw deadlineError(task.name, 'called');
    if (this.#room <= 0) throw queueFullError(this.#settings.name, this.#settings.maxQueue, task.name);
    const transfer = options.transfer && [...options.transfer];
    const preparing = { channel: this.#settings.engine.channel, transfer, exports: undefined };
    const size = sizeOfSimpleList(args, preparing);
    const list = size === NOT_SIMPLE ? prepareList(args, 'args', preparing) : undefined;
    const learned = learnedFor(this.#dispatcher.timings.of(task), task, args, list === undefined ? sizeClass(size) : sizeClassOf(list));
    const prepared = list?.prepared;
    const extras = extrasOf(prepared?.repairs, transfer, this.#timeoutOf(task, options), deadline, due, onProgress, signal, traced);
    const priority = options.priority ?? task.priority ?? 0;
    const stores = encoded === undefined ? this.#stores(context, carried) : encoded.stores;
    const fairKey = this.#keyOf(this.#settings.fairBy, task.name, args, options, carried?.stores, encoded);
    const lane = this.#settings.isShortestFirst ? learned.lane : UNKNOWN_LANE;
    const call = create(id, task, learned, lane, fairKey, prepared?.value ?? args, stores, priority, extras);
    this.reservations.consume();
    return call;
  }

  /**
   * Encodes the caller's context now, for calls that are made later.
   * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE)
   */
  contextOf(task: string, options: RunOptions): CallContext {
    const { context, deadline } = options;
    const carried = typeof context === 'object' ? readCarrier(context) : undefined;
    const nearest = nearer(nearer(deadline, carried?.deadline), currentDeadline());
    const fairKey = this.#settings.fairBy?.isOfContext === true ? this.#keyOf(this.#settings.fairBy, task, [], options, carried?.stores, undefined) : undefined;
    return { stores: this.#stores(context, carried), deadline: nearest, due: nearest && this.#settings.engine.clock.instantOf(nearest), fairKey };
  }

  /**
   * The caller's context for a traced call. A tracer may bind stores for this call alone, such as its span, and these travel
   * too.
   * @returns a function that gives the context with the stores that the tracer has bound by then
   */
  contextInTrace(encoded: CallContext, { context }: RunOptions): () => CallContext {
    if (context !== undefined && context !== 'inherit') return () => encoded;
    const records = [...this.#settings.stores()];
    const before = new Map(records.map((record) => [record.name, record.store.getStore()]));
    return () => {
      const bound = records.filter(({ name, store }) => !Object.is(store.getStore(), before.get(name)));
      if (bound.length === 0) return encoded;
      const others = (encoded.stores ?? []).filter(({ name }) => !bound.some((record) => record.name === name));
      return { ...encoded, stores: [...others, ...(captureStores(bound) ?? [])] };
    };
  }

  /** How many more calls the queue takes. */
  get #room(): number {
    return this.#startsAtOnce ? Infinity : this.#settings.maxQueue - this.#dispatcher.queue.sizeWithoutRequeued;
  }

  /** Whether a call needs no queue slot: a worker is free, or no worker can be started, and the call is refused at once. */
  get #startsAtOnce(): boolean {
    return this.#dispatcher.queue.size === 0 && this.#dispatcher.hasFree;
  }

  #timeoutOf(task: TaskRecord, options: RunOptions): number | undefined {
    const timeout = options.timeout ?? task.timeout ?? this.#settings.timeout;
    return timeout === Infinity ? undefined : timeout;
  }

  #keyOf(reader: KeyReader | undefined, name: string, args: readonly unknown[], { context }: RunOptions, carried: CallStores | undefined, encoded: CallContext | undefined): string | undefined {
    if (reader === undefined) return undefined;
    if (encoded !== undefined && reader.isOfContext) return encoded.fairKey;
    return reader.read({ name, args, carried, inherits: context === undefined || context === 'inherit' });
  }

  #stores(context: RunOptions['context'], carried: CarrierParts | undefined): CallStores | undefined {
    if (context === undefined || context === 'inherit') return captureStores(this.#settings.stores());
    return carried?.stores;
  }
}
