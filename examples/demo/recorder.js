import { createHistogram } from 'node:perf_hooks';

/**
 * Records what the clients of one autocannon run see, from now until `summary()` is asked for.
 *
 * autocannon forgets the requests that are under way when it stops; with a blocked event loop, these requests have waited
 * longest. Here they count with the time they have waited so far.
 *
 * @param {import('autocannon').Instance} load
 * @param {number} connections
 */
export function recordAnswers(load, connections) {
  const latency = createHistogram();
  const startedAt = performance.now();
  const sentAt = new Map();
  const count = { answered: 0, errors: 0, timeouts: 0 };

  load.on('response', (client, status, _bytes, ms) => {
    count.answered += 1;
    if (status !== 200) count.errors += 1;
    record(latency, ms);
    sentAt.set(client, performance.now());
  });
  load.on('reqError', ({ message }) => count[message === 'request timed out' ? 'timeouts' : 'errors'] += 1);

  return { summary, get answered() { return count.answered; } };

  function summary() {
    const now = performance.now();
    for (const at of sentAt.values()) record(latency, now - at);
    for (let silent = sentAt.size; silent < connections; silent++) record(latency, now - startedAt);
    return { connections, ...count, perSecond: count.answered / ((now - startedAt) / 1000), ...inMs(latency) };
  }
}

/** @param {import('node:perf_hooks').RecordableHistogram} histogram in microseconds, since it holds whole numbers only */
export function record(histogram, ms) {
  histogram.record(Math.max(1, Math.round(ms * 1000)));
}

export function inMs(histogram) {
  return { mean: histogram.mean / 1000, p99: histogram.percentile(99) / 1000, max: histogram.max / 1000 };
}
