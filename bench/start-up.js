import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { answer, claimOf } from './answer.js';
import { interleave, pick, rowsOf } from './measure.js';

const candidates = ['offloop', 'tinypool', 'piscina', 'workerpool', 'poolifier'];
const moments = { 'until the first result': 'result', 'until the end': 'end' };

/** The start-up cost of a command-line tool or a cold function, measured from outside: each script starts one worker, calls one task and ends. */
export async function startUp({ isQuick }) {
  const sent = await interleave(Object.fromEntries(candidates.map((name) => [name, () => measure(name)])), isQuick ? 3 : 25);
  const rows = Object.entries(moments).flatMap(([on, moment]) => rowsOf(pick(sent, moment), 'tinypool', 'ms').map((row) => ({ on, ...row })));
  return answer('How long is it from the start of a process to its first result?', rows, [
    claimOf(rows[0], { what: 'process start to first result', than: 'bare tinypool', atMost: 1.15 }),
  ]);
}

async function measure(name) {
  const startedAt = process.hrtime.bigint();
  const child = spawn(process.execPath, [fileURLToPath(new URL(`start-up/${name}.js`, import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [text] = await once(child.stdout, 'data');
  const result = msSince(startedAt);
  const [exitCode] = await ended;
  if (String(text) !== '2\n' || exitCode !== 0) throw new Error(`Expected ${name} to print 2 and to end with 0, got ${text} and ${exitCode}`);
  return { result, end: msSince(startedAt) };
}

function msSince(startedAt) {
  return Number(process.hrtime.bigint() - startedAt) / 1e6;
}
