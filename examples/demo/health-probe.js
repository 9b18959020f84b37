import http from 'node:http';
import { createHistogram } from 'node:perf_hooks';
import { inMs, record } from './recorder.js';

const INTERVAL_MS = 100;
const TIMEOUT_MS = 10_000;
const OPEN_CONNECTIONS = 60;

/**
 * Asks for the health of the service every 100 ms, even while earlier questions have no response. A health probe that waited
 * for each response would sleep through the stall that it has to measure ("coordinated omission").
 *
 * @param {string} url
 */
export async function startHealthProbe(url) {
  const agent = new http.Agent({ keepAlive: true });
  const latency = createHistogram();
  const waiting = new Set();
  let failed = 0;

  await Promise.all(Array.from({ length: OPEN_CONNECTIONS }, () => get(url, agent)));
  let due = performance.now();
  let timer = setTimeout(sendNext);
  return { stop };

  function sendNext() {
    send({ due });
    due += INTERVAL_MS;
    timer = setTimeout(sendNext, due - performance.now());
  }

  async function send(probe) {
    waiting.add(probe);
    await get(url, agent).catch(() => failed += waiting.has(probe) ? 1 : 0);
    settle(probe);
  }

  // The time counts from when the health probe was due, not from when this busy process sent it.
  function settle(probe) {
    if (waiting.delete(probe)) record(latency, performance.now() - probe.due);
  }

  /** Health probes without a response count with the time they have waited so far. */
  function stop() {
    clearTimeout(timer);
    waiting.forEach(settle);
    agent.destroy();
    return { probes: latency.count, failed, ...inMs(latency) };
  }
}

// The connections are open already: a blocked server accepts only one new connection in each turn of its loop.
function get(url, agent) {
  return new Promise((resolve, reject) => {
    const request = http.get(`${url}/health`, { agent, timeout: TIMEOUT_MS }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`Health check answered ${response.statusCode}`));
      response.resume().on('end', resolve);
    });
    request.on('timeout', () => request.destroy(new Error('Health check timed out')));
    request.on('error', reject);
  });
}
