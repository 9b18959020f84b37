import { offload } from 'offloop';

import { logWithTest } from './console.js';
import { tests } from './test.js';

/** The names of the tests in a file. */
export const listTests = offload(import.meta, async function listTests(file) {
  await import(file);
  return [...tests.keys()];
});

/** Runs one test of a file. */
export const runTest = offload(import.meta, async function runTest(file, name) {
  logWithTest();
  await import(file);
  const startedAt = performance.now();
  await tests.get(name)();
  return performance.now() - startedAt;
});
