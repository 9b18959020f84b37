const THROUGHPUT_TIMES = 100;
const MEAN_TIMES = 100;
const P99_TIMES = 90;
const HEALTH_P99_MS = 60;
/** How far a figure may miss its target because of other work on the machine: a larger miss is the fault of the code. */
const NOISE = 5;

/**
 * The promises of the demo, each with its measured figure. `isBroken`: the promise is not kept, and no busy machine explains that.
 *
 * @returns {{ promise: string, measured: string, isKept: boolean, isBroken: boolean }[]}
 */
export function checkResults({ inline, offloaded, trace }) {
  const throughput = offloaded.light.perSecond / inline.light.perSecond;
  const mean = inline.light.mean / offloaded.light.mean;
  const p99 = inline.light.p99 / offloaded.light.p99;
  const failed = offloaded.light.errors + offloaded.light.timeouts + offloaded.health.failed;
  return [
    figure(`throughput at least ${THROUGHPUT_TIMES} times the inline one`, `${Math.floor(throughput)} times`, throughput / THROUGHPUT_TIMES),
    figure(`mean latency at most 1/${MEAN_TIMES}`, `1/${Math.floor(mean)}`, mean / MEAN_TIMES),
    figure(`p99 latency at most 1/${P99_TIMES}`, `1/${Math.floor(p99)}`, p99 / P99_TIMES),
    check('no request fails once it is offloaded', `${failed} failed`, failed === 0),
    figure(`health check p99 below ${HEALTH_P99_MS} ms`, `${Math.ceil(offloaded.health.p99)} ms`, HEALTH_P99_MS / offloaded.health.p99),
    check('the watchdog names the validator and the request while the loop is stuck', inline.watchdog.toldDuring ? 'yes' : 'no', inline.watchdog.toldDuring),
    check('no stall once it is offloaded', `${count(offloaded.watchdog.stalls)} found`, count(offloaded.watchdog.stalls) === 0),
    check('every worker log line has its request\'s ids', `${trace.matching} of ${trace.requests}`, trace.matching === trace.requests),
  ];
}

function count(stalls) {
  return stalls.reduce((sum, stall) => sum + stall.count, 0);
}

function check(promise, measured, isKept) {
  return { promise, measured, isKept, isBroken: !isKept };
}

/** @param kept how many times better than promised */
function figure(promise, measured, kept) {
  return { promise, measured, isKept: kept >= 1, isBroken: !(kept >= 1 / NOISE) };
}
