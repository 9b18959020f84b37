import http from 'node:http';

/**
 * Asks for the health at a fixed interval, even while earlier requests have no response, and resolves with how long each response took,
 * in ms. The time counts from when the request was due ("coordinated omission").
 */
export async function probe(url, { everyMs, ms }) {
  const agent = new http.Agent({ keepAlive: true });
  const requests = [];
  const startedAt = performance.now();
  while (requests.length * everyMs < ms) {
    const due = startedAt + requests.length * everyMs;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    requests.push(get(url, agent).then(() => performance.now() - due));
  }
  return Promise.all(requests).finally(() => agent.destroy());
}

function get(url, agent) {
  return new Promise((resolve, reject) => {
    http.get(url, { agent }, (response) => {
      if (response.statusCode === 200) response.resume().once('end', resolve);
      else reject(new Error(`Expected ${url} to answer 200, got ${response.statusCode}`));
    }).once('error', reject);
  });
}
