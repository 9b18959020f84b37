// node against.js <folder of another checkout, built> [question …]: measures both checkouts in turn, and prints this one's ratio to the other.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { interleave, median, ratio, rounded } from './measure.js';

const hot = { warmUpMs: 2000, ms: 1000 };
const cold = { warmUpMs: 0, ms: 500 };
/** The script in ./processes, and its arguments. */
const questions = {
  'trivial': ['trivial.js', 'offloop', JSON.stringify(hot)],
  'trivial, just started': ['trivial.js', 'offloop', JSON.stringify(cold)],
  'trivial-carrying': ['trivial-carrying.js', 'offloop', JSON.stringify(hot)],
  'trivial-carrying, just started': ['trivial-carrying.js', 'offloop', JSON.stringify(cold)],
  'sequential': ['sequential.js', 'offloop'],
  'sequential, two stores': ['sequential.js', 'offloop', 'carrying'],
  'payload': ['payload.js', 'offloop', JSON.stringify({ kind: 'cloned', ms: 500 })],
  'transfer': ['payload.js', 'offloop', JSON.stringify({ kind: 'transferred', ms: 500 })],
};

const { values, positionals: [other, ...wanted] } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string', default: '11' } } });
const folders = { here: fileURLToPath(new URL('..', import.meta.url)), there: resolve(other ?? '') };

for (const [question, args] of Object.entries(questions)) {
  if (wanted.length > 0 && !wanted.includes(question)) continue;
  const measured = await interleave(mapValues(folders, (folder) => () => measure(folder, args)), Number(values.rounds));
  console.log(`${question}: ${textOf(measured)}`);
}

function textOf({ here, there }) {
  const { median: middle, from, to } = ratio(here, there);
  return `${rounded(median(here))} here, ${rounded(median(there))} there, ${middle} × (${from} to ${to})`;
}

/** Resolves with the measurement of the process: tasks a second, or microseconds for a call. */
async function measure(folder, [script, ...args]) {
  const child = spawn(process.execPath, [resolve(folder, 'bench/processes', script), ...args], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  let figure;
  child.once('message', (message) => {
    figure = message;
    child.kill();
  });
  child.stdout.on('data', (chunk) => { figure ??= Number(chunk); });
  await once(child, 'exit');
  if (figure === undefined) throw new Error(`${folder} ${script} has measured nothing`);
  return figure;
}

function mapValues(object, fn) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, fn(value)]));
}
