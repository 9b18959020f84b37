import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How many calls a second a number of callers complete, if each caller calls again after its response.
 *
 * @param {{ callers: number, run(n: number): Promise<unknown>, check(result: unknown, n: number, caller: number): void, enter?(caller: number, fn: () => Promise<void>): Promise<void> }} load
 * @param {{ warmUpMs: number, ms: number }} slices
 */
export async function rateOf({ callers, run, check, enter = (_caller, fn) => fn() }, { warmUpMs, ms }) {
  let done = 0;
  let isOver = false;
  const all = Promise.all(Array.from({ length: callers }, (_, caller) => enter(caller, () => callAgain(caller))));

  // A wrong result ends the measurement, too.
  await Promise.race([all, sleep(warmUpMs)]);
  const [before, startedAt] = [done, performance.now()];
  await Promise.race([all, sleep(ms)]);
  const perSecond = (done - before) / ((performance.now() - startedAt) / 1000);
  isOver = true;
  await all;
  return perSecond;

  async function callAgain(caller) {
    for (let n = 0; !isOver; n++) {
      check(await run(n), n, caller);
      done++;
    }
  }
}
