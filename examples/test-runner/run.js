// Runs the example tests, and checks that each has the outcome for which it was written. Exits with 1 when an outcome differs.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expected } from './expected.js';
import { describeResult, summarize } from './report.js';
import { runFiles } from './runner.js';

/** The limit of each test, in ms: two of the tests use all of it. */
const TIMEOUT = 1000;

const folder = new URL('tests/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.test.js')).map((name) => fileURLToPath(new URL(name, folder)));

const startedAt = performance.now();
const results = await runFiles(files, { timeout: TIMEOUT, onResult: (result) => console.log(describeResult(result)) });
console.log(`\n${results.length} tests in ${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${summarize(results)}`);

const wrong = wrongly(results);
for (const line of wrong) console.log(`not as expected: ${line}`);
if (wrong.length === 0) console.log('Each test has its expected outcome.');
process.exitCode = wrong.length === 0 ? 0 : 1;

function wrongly(all) {
  const missing = new Map(Object.entries(expected));
  const surprises = all.filter(({ file, test, outcome }) => {
    const key = `${file} › ${test}`;
    const isRight = missing.get(key) === outcome;
    missing.delete(key);
    return !isRight;
  });
  return [...surprises.map(({ file, test, outcome }) => `${file} › ${test}: ${outcome}`), ...[...missing.keys()].map((key) => `${key}: was not run`)];
}
