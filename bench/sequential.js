import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { answer, claimOf } from './answer.js';
import { interleave, rowsOf } from './measure.js';

const script = fileURLToPath(new URL('./processes/sequential.js', import.meta.url));
const candidates = { 'tinypool, nothing carried': ['tinypool'], 'offloop, nothing carried': ['offloop'], 'offloop, two stores': ['offloop', 'carrying'] };
const LIMIT = 1.15;

/**
 * The cost of one task if the next task is called only after it: the price of the hop for a single request.
 *
 * Each measurement is a process of its own. A scheduler puts a worker on its caller's core or on the other core, where waking
 * the worker takes three times as long, and leaves it there: two pools in one process would be compared by this placement. So
 * there are two measurements: with the scheduler's own placement, and on one core, where only the work counts.
 */
export async function sequential({ isQuick }) {
  const rounds = isQuick ? 2 : 15;
  const rows = [...await measure('two cores', [], rounds), ...(hasTaskset() ? await measure('one core', ['taskset', '-c', '0'], rounds) : [])];
  const carrying = rows.filter(({ candidate }) => candidate === 'offloop, two stores');
  return answer('What does one task cost over bare tinypool, one call at a time?', rows, carrying.map((row) => (
    claimOf(row, { what: `one call at a time, two stores, p50, on ${row.on}`, than: 'bare tinypool', atMost: LIMIT })
  )));
}

async function measure(on, prefix, rounds) {
  const measured = await interleave(mapValues(candidates, (args) => () => p50([...prefix, process.execPath, script, ...args])), rounds);
  return rowsOf(measured, 'tinypool, nothing carried', 'µs, p50').map((row) => ({ on, ...row }));
}

function p50([command, ...args]) {
  return Number(execFileSync(command, args, { encoding: 'utf8' }));
}

function hasTaskset() {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function mapValues(object, fn) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, fn(value)]));
}
