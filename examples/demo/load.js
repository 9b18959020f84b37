// node load.js <url> [--seconds 12] [--blank-lines 400]: the clients, in a process of their own.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { heavyDocument, lightDocuments } from './documents/index.js';
import { startHealthProbe } from './health-probe.js';
import { recordAnswers } from './recorder.js';

const LIGHT_CONNECTIONS = 99;
const WARM_UP_MS = 3000;
const UNTIL_STOPPED = 3600;

const { positionals: [url], values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '12' }, 'blank-lines': { type: 'string', default: '400' } },
});

report({ result: await measure(Number(values.seconds), Number(values['blank-lines'])) });

/**
 * All connections send their next request as soon as the last one is answered. The light ones warm the service up first;
 * what is measured begins with the first heavy request.
 */
async function measure(seconds, blankLines) {
  const light = cannon({ connections: LIGHT_CONNECTIONS, timeout: 10, requests: lightDocuments().map(post) });
  await sleep(WARM_UP_MS);
  const probe = await startHealthProbe(url);

  const heavy = cannon({ connections: 1, timeout: 30, requests: [numbered(post(heavyDocument(blankLines)))] });
  const heavyAnswers = recordAnswers(heavy, 1);
  const lightAnswers = recordAnswers(light, LIGHT_CONNECTIONS);
  await reportEverySecond(seconds, lightAnswers);

  const result = { seconds, light: lightAnswers.summary(), heavy: heavyAnswers.summary(), health: probe.stop() };
  await Promise.all([stop(light), stop(heavy)]);
  return result;
}

function cannon(options) {
  return autocannon({ url: `${url}/validate`, duration: UNTIL_STOPPED, sampleInt: 100, ...options });
}

function post(document) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(document) };
}

/** The watchdog's report shows which of them it was. */
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
