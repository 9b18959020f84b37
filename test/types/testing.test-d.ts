import { AsyncLocalStorage } from 'node:async_hooks';

import { carry, OffloopError, type Pool } from 'offloop';
import { BlockedLoopError, ContextLeakError, expectNoContextLeak, expectNoStall, inlinePool, roundTrip, type ContextLeak } from 'offloop/testing';
import * as nodeTest from 'offloop/testing/node-test';
import * as vitest from 'offloop/testing/vitest';
import type { Stall } from 'offloop/watchdog';
import { expectTypeOf } from 'vitest';

// inlinePool: a pool like any other
expectTypeOf(inlinePool({ maxThreads: 2 })).toEqualTypeOf<Pool>();
// @ts-expect-error the runtime is inline
inlinePool({ runtime: 'threads' });

// expectNoStall: returns the function's result
expectTypeOf(expectNoStall(() => 42)).toEqualTypeOf<Promise<number>>();
expectTypeOf(expectNoStall(async () => 'text', { over: 50 })).toEqualTypeOf<Promise<string>>();
// @ts-expect-error `threshold` is an option of the watchdog
expectNoStall(() => 42, { threshold: 50 });

expectTypeOf(expectNoContextLeak(inlinePool())).toEqualTypeOf<Promise<void>>();
// @ts-expect-error the argument is no pool
expectNoContextLeak({});

// roundTrip: the store's type
const users = carry(import.meta, new AsyncLocalStorage<{ id: string }>(), { name: 'user' });
expectTypeOf(roundTrip(users, { id: 'a' })).toEqualTypeOf<{ id: string } | undefined>();
// @ts-expect-error no value of this store
roundTrip(users, { id: 1 });

// errors: offloop's own, with their fields
expectTypeOf<BlockedLoopError>().toExtend<OffloopError>();
expectTypeOf<BlockedLoopError['stall']>().toEqualTypeOf<Stall>();
expectTypeOf<ContextLeakError['leaks']>().toEqualTypeOf<readonly ContextLeak[]>();

// the hooks: the same for both runners
expectTypeOf<typeof vitest.configure>().toEqualTypeOf<typeof nodeTest.configure>();
expectTypeOf(vitest.expectBlock('it is known', () => 42)).toEqualTypeOf<number>();
vitest.configure({ over: 50, log: 'stderr', abortAfter: 10_000 });
// @ts-expect-error no such option
vitest.configure({ threshold: 50 });
