import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { interleave, median, ratio, round2 } from './measure.js';

const script = fileURLToPath(new URL('./tasks/one-at-a-time.js', import.meta.url));
const candidates = { 'tinypool, nothing carried': 'tinypool', 'offloop, nothing carried': 'offloop', 'offloop, two stores': 'carrying' };
const LIMIT = 1.3;

/**
 * What one task costs when the next is called only after it: the price of the hop, as a single request pays it.
 *
 * Each measurement is a process of its own. A scheduler puts a worker on its caller's core, or on the other one, where
 * waking it takes three times as long, and leaves it there: two pools in one process would be compared by that. So it is
 * measured once as the scheduler likes it, and once on one core, where only the work counts.
 */
export async function sequential({ isQuick }) {
  const rows = [...(await measure('two cores', [], isQuick ? 2 : 15)), ...(hasTaskset() ? await measure('one core', ['taskset', '-c', '0'], isQuick ? 2 : 15) : [])];
  const carrying = rows.filter((row) => row.candidate === 'offloop, two stores');
  return {
    question: 'What does one task cost over bare tinypool, one call at a time?',
    rows,
    limit: LIMIT,
    isMet: carrying.every((row) => row.ratio <= LIMIT),
    verdict: carrying.map((row) => `On ${row.on} a task with two stores costs ${row.ratio} times bare tinypool's p50 (${row['middle half']}); at most ${LIMIT} is wanted.`).join('\n'),
  };
}

async function measure(on, prefix, rounds) {
  const measured = await interleave(mapValues(candidates, (kind) => () => p50([...prefix, process.execPath, script, kind])), rounds);
  const [base] = Object.values(measured);
  return Object.entries(measured).map(([candidate, values]) => {
    const { median: middle, from, to } = ratio(values, base);
    return { on, candidate, 'p50 µs': round2(median(values)), ratio: middle, 'middle half': `${from} to ${to}` };
  });
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
