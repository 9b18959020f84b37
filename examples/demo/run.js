// npm run demo: the whole demo in under a minute. Exits with 1 when a promise of checks.js is broken, but not for a figure that
// other work on the machine made worse (--no-check: always 0).
// --keep writes results.json, from which write-readme.js makes the README's table.
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { calibrate } from './calibrate.js';
import { checkResults } from './checks.js';
import { log } from './log.js';
import { runLoad, startServer } from './processes.js';
import { diff } from './report/diff.js';
import { heading, say, style, table, ticker } from './report/terminal.js';
import { tableRows } from './table.js';
import { traceRequests } from './trace.js';
import { namesTheCause, sentence } from './watchdog.js';

const SECONDS = 12;

const { values: { check, keep } } = parseArgs({
  options: { check: { type: 'boolean', default: true }, keep: { type: 'boolean', default: false } },
  allowNegative: true,
});

const heavy = introduce();
const inline = await actInline();
const offloaded = await actOffloaded();
table(tableRows({ inline, offloaded }));
const trace = await actContext();
const results = { ...circumstances(), heavy, inline, offloaded, trace };
if (keep) writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(results, withoutRoot, 2)}\n`);
process.exitCode = conclude(checkResults(results)) || !check ? 0 : 1;

function introduce() {
  heading('A service that validates purchase orders');
  say('fastify and ajv, over loopback HTTP. 99 of its 100 clients send small orders. One client sends big orders: their remarks\n' +
    'contain a pasted print report. The schema allows no blanks at either end of the remarks: /\\s+$|^\\s+/ must not match.\n' +
    'A report has n blanks in its middle, and for these n blanks the harmless pattern takes n² steps.');
  log.level = 'silent';
  const measured = calibrate();
  say(`\nOn this machine: ${Math.round(measured.bytes / 1000)} KB of order take ${(measured.ms / 1000).toFixed(1)} s to validate.`);
  return measured;
}

function actInline() {
  heading('1. Inline: validate() on the event loop');
  say('While a big order is validated, all requests wait, the load balancer\'s health check too. The yellow lines are the\n' +
    'watchdog\'s report of the first stall, written while the stall lasts.');
  return measure('inline');
}

function actOffloaded() {
  heading('2. One changed line');
  say(diff(variant('inline'), variant('offloaded')));
  say('\nThe same load again. validate() runs on a worker now, and the event loop is free.');
  return measure('offloaded');
}

async function actContext() {
  heading('3. The worker still knows the request');
  say('context.js says which fields of the request travel: ' +
    style('green', "carry(import.meta, requestStore, { name: 'request', pick: ['requestId', 'traceId'] })") +
    '\nvalidateDocument() only calls log.info(). Lines that the workers wrote, in the order of their arrival:\n');
  const server = await startServer('offloaded', 'info');
  const { requests, lines, matching } = await traceRequests(server).finally(server.stop);
  for (const line of lines.slice(0, 3)) say(line.replaceAll(/"(?:requestId|traceId)":"[^"]*"/g, (ids) => style('cyan', ids)));
  say(`\n${matching} of ${requests.length} lines have the X-Request-Id and the traceparent of their order.`);
  return { requests: requests.length, matching, lines: lines.slice(0, 3) };
}

async function measure(variantName) {
  const server = await startServer(variantName, 'warn');
  const seconds = ticker('small orders answered in each second');
  let toldDuring = false;
  server.watchdog.whenReported(async (text) => {
    toldDuring = await server.watchdog.isStuck() && namesTheCause(text);
    seconds.interrupt(text.split('\n').map((line) => style('yellow', line)).join('\n'));
  });
  try {
    const measured = await runLoad(server.url, { seconds: SECONDS, 'blank-lines': heavy.blankLines }, seconds.write);
    seconds.end();
    const stalls = await server.watchdog.stalls();
    say(sentence(stalls));
    return { ...measured, watchdog: { toldDuring, stalls } };
  } finally {
    await server.stop();
  }
}

function conclude(checks) {
  heading('The promises of the demo');
  for (const { promise, measured, isKept } of checks) {
    say(`${isKept ? style('green', '✔') : style('red', '✘')} ${promise}: ${measured}`);
  }
  if (!checks.every(({ isKept }) => isKept)) say('\nOther work on this machine counts against the offloaded column: try again when it is idle.');
  return !checks.some(({ isBroken }) => isBroken);
}

/** The output does not show the folder of this copy of the project. */
function withoutRoot(_key, value) {
  return typeof value === 'string' ? value.replaceAll(fileURLToPath(new URL('../../', import.meta.url)), '') : value;
}

function circumstances() {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    measuredOn: new Date().toISOString().slice(0, 10),
    offloop: version,
    node: process.version,
    machine: { cpu: os.cpus()[0].model, cores: os.availableParallelism(), platform: `${os.platform()} ${os.arch()}` },
  };
}

function variant(name) {
  return new URL(`variants/${name}.js`, import.meta.url);
}
