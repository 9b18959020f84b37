import { captureStores, type CallStores } from '../context/call-stores.ts';
import { readCarrier, type CarrierParts } from '../context/carrier-reader.ts';
import { currentDeadline, nearer } from '../context/deadline.ts';
import type { QueueFullError } from '../errors.ts';
import { now } from '../node/clock.ts';
import { deadlineError } from '../task/interruptions.ts';
import type { RunOptions } from '../task/options.ts';
import type { TaskRecord } from '../task/registry.ts';
import { prepareList, sizeOfSimpleList } from '../wire/values/cloneability.ts';
import { NOT_SIMPLE } from '../wire/values/simple.ts';
import { keyOf, keyOfCalls, type KeyOf } from './call-keys.ts';
import type { Call } from './calls/call.ts';
import { extrasOf } from './calls/extras.ts';
import { Bills } from './cpu/bills.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { RecentWaits, type Waits } from './learned/recent-waits.ts';
import { UNKNOWN_LANE } from './learned/learned.ts';
import { learnedFor } from './learned/learned-for.ts';
import { sizeClass, sizeClassOf } from './learned/size-class.ts';
import type { KeyReader } from './queue/call-key.ts';
import { Turn } from './queue/turns.ts';
import type { PoolSettings } from './settings.ts';
import { Reservations } from './reservations.ts';
import { assertArgsArray, queueFullError, tooLateError } from './calls/refusals.ts';
import type { TracedCall } from './calls/trace.ts';

/** The part of a full queue that has to leave before it is worth calling again. */
const ROOM_SHARE = 0.1;

/** Constructs a call that has been admitted. */
export type Create<C extends Call> = (...parts: ConstructorParameters<typeof Call>) => C;

/** A caller's context, encoded for the worker. */
export interface CallContext {
  readonly stores: CallStores | undefined;
  /** Epoch ms. */
  readonly deadline: number | undefined;
  /** The deadline as an instant of the pool's clock. */
  readonly due: number | undefined;
  /** Give the keys of `fairBy` and `billBy`; undefined without these options. */
  readonly fairKeyOf: KeyOf | undefined;
  readonly billKeyOf: KeyOf | undefined;
}

/** Decides which calls enter the queue: checks that there is room, and checks and encodes each call's arguments and context. */
export class Admission {
  readonly #settings: PoolSettings;
  readonly #dispatcher: Dispatcher;
  readonly bills = new Bills();
  readonly #waits = new RecentWaits();
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
    if (this.#room <= 0) throw this.#queueFull(task);
    const transfer = options.transfer && [...options.transfer];
    const preparing = { channel: this.#settings.engine.channel, transfer, exports: undefined };
    const size = sizeOfSimpleList(args, preparing);
    const list = size === NOT_SIMPLE ? prepareList(args, 'args', preparing) : undefined;
    const learned = learnedFor(this.#dispatcher.timings.of(task), task, args, list === undefined ? sizeClass(size) : sizeClassOf(list));
    const prepared = list?.prepared;
    const extras = extrasOf(prepared?.repairs, transfer, this.#timeoutOf(task, options), deadline, due, onProgress, signal, traced);
    const priority = options.priority ?? task.priority ?? 0;
    const stores = encoded === undefined ? this.#stores(context, carried) : encoded.stores;
    const { fairBy, billBy } = this.#settings;
    const turn = fairBy && new Turn(encoded === undefined ? keyOf(fairBy, task.name, args, options, carried?.stores) : encoded.fairKeyOf?.(args));
    const billKey = billBy && (encoded === undefined ? keyOf(billBy, task.name, args, options, carried?.stores) : encoded.billKeyOf?.(args));
    const lane = this.#settings.isShortestFirst ? learned.lane : UNKNOWN_LANE;
    const call = create(id, task, learned, lane, turn, prepared?.value ?? args, stores, priority, extras);
    if (billBy !== undefined) call.account = learned.timings.cpu.accountFor(this.bills.of(billKey));
    if (due !== undefined) this.#assertInTime(call, due);
    this.reservations.consume();
    return call;
  }

  /**
   * Encodes the caller's context now, for calls that are made later.
   * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE), OptionError (OFFLOOP_OPTION)
   */
  contextOf(task: string, options: RunOptions): CallContext {
    const { context, deadline } = options;
    const carried = typeof context === 'object' ? readCarrier(context) : undefined;
    const nearest = nearer(nearer(deadline, carried?.deadline), currentDeadline());
    const { fairBy, billBy, engine: { clock } } = this.#settings;
    const keyFrom = (reader: KeyReader): KeyOf => keyOfCalls(reader, task, options, carried?.stores);
    return {
      ...{ stores: this.#stores(context, carried), deadline: nearest, due: nearest && clock.instantOf(nearest) },
      ...{ fairKeyOf: fairBy && keyFrom(fairBy), billKeyOf: billBy && keyFrom(billBy) },
    };
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

  /** Adds an admitted call to the queue. */
  enqueue(call: Call): void {
    call.markQueued(this.#waitsOf(call), this.#startsAtOnce);
    this.#dispatcher.queue.push(call);
  }

  #waitsOf({ priority, learned, turn }: Call): Waits {
    return this.#waits.of(priority, learned, turn?.key);
  }

  /**
   * A call whose deadline the queue cannot meet would only take the time of calls that can be met.
   * @throws DeadlineExceededError (OFFLOOP_DEADLINE), with `retryAfter` where a shorter queue would help
   */
  #assertInTime(call: Call, due: number): void {
    if (this.#startsAtOnce) return;
    const left = this.#settings.engine.clock.timeTo(due);
    const wait = this.#expectedWait(call);
    const run = call.learned.expected ?? 0;
    // A call that starts just before its deadline ends too late.
    if (wait > 0 && wait + run > left) throw tooLateError(this.#settings.name, call.task.name, wait, run, left);
  }

  /** Ms; 0 where nothing is known. */
  #expectedWait(call: Call): number {
    const waits = this.#waitsOf(call);
    // The calls that came in the same turn have not waited yet: their run time tells how long they will take.
    const { mean } = call.learned;
    const work = mean === Infinity ? 0 : (waits.waiting * mean) / this.#settings.maxThreads;
    return Math.max(work, waits.expected(now()) ?? 0);
  }

  #queueFull(task: TaskRecord): QueueFullError {
    const drain = this.#waits.drainTime(now());
    return queueFullError(this.#settings.name, this.#settings.maxQueue, task.name, drain && drain * ROOM_SHARE);
  }

  /** How many more calls the queue takes. */
  get #room(): number {
    if (this.#startsAtOnce) return Infinity;
    const room = this.#settings.maxQueue - this.#dispatcher.queue.sizeWithoutRequeued;
    return room > 0 ? room : room + this.#dispatcher.promisedPlaces;
  }

  /** Whether a call needs no queue slot: a worker is free, or no worker can be started, and the call is refused at once. */
  get #startsAtOnce(): boolean {
    return this.#dispatcher.queue.size === 0 && this.#dispatcher.hasFree;
  }

  #timeoutOf(task: TaskRecord, options: RunOptions): number | undefined {
    const timeout = options.timeout ?? task.timeout ?? this.#settings.timeout;
    return timeout === Infinity ? undefined : timeout;
  }

  #stores(context: RunOptions['context'], carried: CarrierParts | undefined): CallStores | undefined {
    if (context === undefined || context === 'inherit') return captureStores(this.#settings.stores());
    return carried?.stores;
  }
}
