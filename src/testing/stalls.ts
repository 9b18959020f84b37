import type { Stall } from '../watchdog/types.ts';

/** With no CPU to run on, or asleep: no code of the test's has blocked anything. */
export function isTheMachines({ kind }: Stall): boolean {
  return kind === 'starved' || kind === 'suspended';
}

export function longest(stalls: readonly Stall[]): Stall | undefined {
  return stalls.reduce<Stall | undefined>((worst, stall) => (worst !== undefined && worst.duration >= stall.duration ? worst : stall), undefined);
}
