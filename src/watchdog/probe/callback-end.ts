import { executionAsyncId } from 'node:async_hooks';

import { nextTick, setImmediate } from '../../node/clock.ts';

/** How many turns in a row must bring in something new before it is a flood. */
const FLOOD_ROUNDS = 50;

/**
 * Calls back when the callback that runs now has ended. Where it has ended in a flood, ticks that go on and on so that
 * nothing else gets its turn, it calls back when that is over.
 *
 * `process.nextTick` runs when the callback is done, and so do the ticks of a flood. They are told apart by going to the
 * back of the queue again: every tick gets the next async id, so a gap shows that others came in between.
 */
export function whenCallbackEnds(end: (isFlood: boolean) => void): void {
  nextTick(goAround, end, 0, 0);
}

function goAround(end: (isFlood: boolean) => void, rounds: number, before: number): void {
  const id = executionAsyncId();
  // Not in the first turns: what had its id before this was queued may still have been on its way into the queue.
  if (rounds > 1 && id === before + 1) end(false);
  else if (rounds === FLOOD_ROUNDS) setImmediate(end, true);
  else nextTick(goAround, end, rounds + 1, id);
}
