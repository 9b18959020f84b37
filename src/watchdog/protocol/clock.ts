import { epochNow, now } from '../../node/clock.ts';

export { now };

/** An instant of `now()` as epoch ms. */
export function toEpoch(instant: number): number {
  return Math.round(epochNow() - (now() - instant));
}
