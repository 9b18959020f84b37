// node load.js <url> [--seconds 12] [--warm-up 3] [--blank-lines 400] [--light 99] [--heavy 1]: the clients, in a process of their own.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { heavyDocument, lightDocuments } from './documents/index.js';
import { startHealthProbe } from './health-probe.js';
import { recordAnswers } from './recorder.js';

const UNTIL_STOPPED = 3600;

const number = (value) => ({ type: 'string', default: String(value) });
const { positionals: [url], values } = parseArgs({
  allowPositionals: true,
  options: { seconds: number(12), 'warm-up': number(3), 'blank-lines': number(400), light: number(99), heavy: number(1) },
});
const [seconds, warmUp, blankLines, light, heavy] = ['seconds', 'warm-up', 'blank-lines', 'light', 'heavy'].map((name) => Number(values[name]));

report({ result: await measure() });

/**
 * All connections send their next request as soon as the last one is answered. The light connections warm the service up;
 * the measurement begins with the first heavy request.
 */
async function measure() {
  const lightLoad = cannon({ connections: light, timeout: 10, requests: lightDocuments().map(post) });
  await sleep(warmUp * 1000);
  const probe = await startHealthProbe(url);

  const heavyLoad = heavy > 0 && cannon({ connections: heavy, timeout: 30, requests: [numbered(post(heavyDocument(blankLines)))] });
  const heavyAnswers = heavyLoad && recordAnswers(heavyLoad, heavy);
  const lightAnswers = recordAnswers(lightLoad, light);
  await reportEverySecond(seconds, lightAnswers);

  const result = { seconds, light: lightAnswers.summary(), ...(heavyLoad && { heavy: heavyAnswers.summary() }), health: probe.stop() };
  await Promise.all([stop(lightLoad), heavyLoad && stop(heavyLoad)]);
  return result;
}

function cannon(options) {
  return autocannon({ url: `${url}/validate`, duration: UNTIL_STOPPED, sampleInt: 100, ...options });
}

function post(document) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(document) };
}

/** The request id in the watchdog's report shows whether the request was light or heavy. */
function numbered(request) {
  let count = 0;
  return { ...request, setupRequest: (next) => ({ ...next, headers: { ...next.headers, 'x-request-id': `big-order-${++count}` } }) };
}

async function reportEverySecond(seconds, answers) {
  for (let second = 0, before = 0; second < seconds; second++) {
    await sleep(1000);
    const { answered } = answers;
    report({ answered: answered - before });
    before = answered;
  }
}

async function stop(load) {
  load.stop();
  await load;
}

function report(message) {
  if (process.send) process.send(message);
  else console.log(JSON.stringify(message));
}
