import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createPool } from 'offloop';

import { testStore } from './context.js';
import { listTests, runTest } from './tasks.js';

/**
 * @typedef {'passed' | 'failed' | 'timed out' | 'crashed' | 'out of memory'} Outcome
 * @typedef {{ file: string, test: string, outcome: Outcome, ms?: number, error?: unknown }} Result
 */

/** The outcomes of tests that end their worker, or never end. */
const outcomes = new Map([
  ['OFFLOOP_TIMEOUT', 'timed out'],
  ['OFFLOOP_WORKER_CRASHED', 'crashed'],
  ['OFFLOOP_WORKER_OOM', 'out of memory'],
]);

/**
 * Runs test files beside each other, and the tests of each file in order. Every test has a fresh worker, so that it sees
 * nothing of the test before it, and a test that hangs or crashes affects no other test.
 *
 * @param {string[]} files paths
 * @param {{ timeout: number, onResult(result: Result): void }} options `timeout` in ms, of each test
 * @returns {Promise<Result[]>}
 */
export async function runFiles(files, { timeout, onResult }) {
  const pool = createPool({ name: 'tests', isolate: true, timeout, resourceLimits: { maxOldGenerationSizeMb: 64 } });
  const results = await Promise.all(files.map((file) => runFile(pool, file, onResult)));
  await pool.close();
  return results.flat();
}

async function runFile(pool, path, onResult) {
  const url = pathToFileURL(path).href;
  const file = basename(path);
  const results = [];
  const tell = (test, ended) => {
    results.push({ file, test, ...ended });
    onResult(results.at(-1));
  };
  const { value: names, ...ended } = await settle(pool.run(listTests, [url]));
  if (names === undefined) tell('(the file itself)', ended);
  for (const test of names ?? []) {
    const { value: ms, ...outcome } = await testStore.run({ file, test }, () => settle(pool.run(runTest, [url, test])));
    tell(test, { ...outcome, ms });
  }
  return results;
}

async function settle(call) {
  try {
    return { outcome: 'passed', value: await call };
  } catch (error) {
    return { outcome: outcomes.get(error?.code) ?? 'failed', error };
  }
}
