import { stripVTControlCharacters } from 'node:util';

/**
 * The printed lines of one test: if the test did not pass, why, and where it was.
 *
 * @param {import('./runner.js').Result} result
 */
export function describeResult({ file, test, outcome, ms, error }) {
  if (outcome === 'passed') return `✓ ${file} › ${test} (${Math.round(ms)} ms)`;
  return [`✗ ${file} › ${test}: ${outcome}`, ...reasonOf(outcome, error).map((line) => `    ${line.trim()}`)].join('\n');
}

/** @param {import('./runner.js').Result[]} results */
export function summarize(results) {
  const counts = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return Object.entries(counts).map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}

function reasonOf(outcome, error) {
  if (outcome === 'out of memory') return ['it reached the heap limit of its worker'];
  if (outcome === 'timed out') return error.workerStack === undefined ? ['it waited for an event that did not come'] : ['it was stuck here:', ...testFrames(error.workerStack)];
  if (outcome === 'crashed' && error.cause === undefined) return [`it ended its worker with exit code ${error.exitCode}`];
  return stackOf(outcome === 'crashed' ? error.cause : error);
}

/** A test may throw any value. */
function stackOf(error) {
  if (!(error instanceof Error)) return [`it threw ${String(error)}`];
  return [...stripVTControlCharacters(error.message).split('\n'), ...testFrames(error.stack)];
}

/** The frames of the tests and of the code that they call: neither the runner's nor Node's. */
function testFrames(stack) {
  const [own] = stack.split("    at task '");
  return own.split('\n').filter((line) => line.startsWith('    at ') && !line.includes('/test-runner/tasks.js') && !line.includes('node:'));
}
