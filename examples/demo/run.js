// npm run demo: the whole story in under a minute. Exits with 1 when a promise of checks.js is not kept (--no-check: always 0).
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { calibrate } from './calibrate.js';
import { checkResults } from './checks.js';
import { log } from './log.js';
import { runLoad, startServer } from './processes.js';
import { diff } from './report/diff.js';
import { heading, say, style, table, ticker } from './report/terminal.js';
import { tableRows } from './table.js';
import { traceRequests } from './trace.js';

const SECONDS = 10;
const LIGHT_CONNECTIONS = 99;

const { values: { check } } = parseArgs({ options: { check: { type: 'boolean', default: true } }, allowNegative: true });

const heavy = introduce();
const inline = await actInline();
const offloaded = await actOffloaded();
table(tableRows({ inline, offloaded }));
const trace = await actContext();
const results = { ...circumstances(), inline, offloaded, trace };
writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
process.exitCode = conclude(checkResults(results)) || !check ? 0 : 1;

function introduce() {
  heading('A service that validates purchase orders');
  say('fastify and ajv, on loopback HTTP. 100 clients: 99 send orders of 2 KB, one sends orders with a print report\n' +
    'pasted into the remarks. "No blanks at either end" is the schema\'s rule for remarks: /\\s+$|^\\s+/ must not match.\n' +
    'That pattern takes n² steps for the n blanks in the middle of a print report.');
  log.level = 'silent';
  const measured = calibrate();
  say(`\nMeasured here: ${Math.round(measured.bytes / 1000)} KB of order, ${(measured.ms / 1000).toFixed(1)} s of validation.`);
  return measured;
}

function actInline() {
  heading('1. Inline: validate() on the event loop');
  say('While one order is validated, everybody waits; the health check too.');
  return measure('inline');
}

function actOffloaded() {
  heading('2. One changed line');
  say(diff(variant('inline'), variant('offloaded')));
  say('\nThe same load again. validate() now runs on a worker; the event loop only waits for it.');
  return measure('offloaded');
}

async function actContext() {
  heading('3. The request is still known inside the worker');
  say('context.js says which fields of the request travel: ' +
    style('green', "carry(import.meta, requestStore, { name: 'request', pick: ['requestId', 'traceId'] })") +
    '\nvalidateDocument() only calls log.info(). Lines written by the workers, as they came:\n');
  const server = await startServer('offloaded', 'info');
  const { requests, lines, matching } = await traceRequests(server).finally(server.stop);
  for (const line of lines.slice(0, 3)) say(line.replaceAll(/"(?:requestId|traceId)":"[^"]*"/g, (ids) => style('cyan', ids)));
  say(`\n${matching} of ${requests.length} lines have the X-Request-Id and the traceparent that came with their order.`);
  return { requests: requests.length, matching, lines: lines.slice(0, 3) };
}

async function measure(variantName) {
  const server = await startServer(variantName, 'warn');
  const seconds = ticker('light orders answered, second by second');
  try {
    return await runLoad(server.url, { seconds: SECONDS, blankLines: heavy.blankLines }, seconds.write);
  } finally {
    seconds.end();
    await server.stop();
  }
}

function conclude(checks) {
  heading('What was promised');
  for (const { promise, measured, isKept } of checks) {
    say(`${isKept ? style('green', '✔') : style('red', '✘')} ${promise}: ${measured}`);
  }
  return checks.every(({ isKept }) => isKept);
}

function circumstances() {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    measuredOn: new Date().toISOString().slice(0, 10),
    offloop: version,
    node: process.version,
    machine: { cpu: os.cpus()[0].model, cores: os.availableParallelism(), platform: `${os.platform()} ${os.arch()}` },
    load: { seconds: SECONDS, lightConnections: LIGHT_CONNECTIONS, heavyBytes: heavy.bytes, heavyMs: Math.round(heavy.ms) },
  };
}

function variant(name) {
  return new URL(`variants/${name}.js`, import.meta.url);
}
