import { executionAsyncId } from 'node:async_hooks';

import { nextTick, setImmediate } from '../../node/clock.ts';

/** So many turns in a row that each bring other ticks make a flood. */
const FLOOD_ROUNDS = 50;

/**
 * Calls back when the callback that runs now has ended. Where the callback ends in a flood (ticks that go on and on, so that
 * nothing else gets its turn), calls back when the flood is over.
 *
 * `process.nextTick` runs when the callback is done, and so do the ticks of a flood. Going to the back of the queue again tells
 * the two apart: every tick gets the next async id, so a missing id shows that other ticks came in between.
 */
export function whenCallbackEnds(end: (isFlood: boolean) => void): void {
  nextTick(goAround, end, 0, 0);
}

function goAround(end: (isFlood: boolean) => void, rounds: number, before: number): void {
  const id = executionAsyncId();
  // Not in the first turns: a tick that got its id before this one was queued may still have been on its way into the queue.
  if (rounds > 1 && id === before + 1) end(false);
  else if (rounds === FLOOD_ROUNDS) setImmediate(end, true);
  else nextTick(goAround, end, rounds + 1, id);
}
