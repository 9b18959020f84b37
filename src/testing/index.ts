import '../core.ts';
export { BlockedLoopError, ContextLeakError } from './errors.ts';
export type { ContextLeak } from './errors.ts';
export { expectNoContextLeak } from './expect-no-context-leak.ts';
export { expectNoStall } from './expect-no-stall.ts';
export type { NoStallOptions } from './expect-no-stall.ts';
export { inlinePool } from './inline-pool.ts';
export { roundTrip } from './round-trip.ts';
