import { stallKinds } from '../watchdog/stall-kinds.ts';
import type { Stall } from '../watchdog/types.ts';

/** The longest of the stalls that a test may fail for: a machine without a CPU to spare, or asleep, is not the test's fault. */
export function worstOf(stalls: readonly Stall[]): Stall | undefined {
  return stalls.filter(({ kind }) => stallKinds[kind].isProgramsFault).reduce<Stall | undefined>(longer, undefined);
}

function longer(worst: Stall | undefined, stall: Stall): Stall {
  return worst !== undefined && worst.duration >= stall.duration ? worst : stall;
}
