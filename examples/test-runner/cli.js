// node cli.js [--timeout ms] [folder]: runs every *.test.js below the folder, and exits with 1 when a test has not passed.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { describeResult, summarize } from './report.js';
import { runFiles } from './runner.js';

const { values: { timeout }, positionals: [folder = '.'] } = parseArgs({
  options: { timeout: { type: 'string', default: '5000' } },
  allowPositionals: true,
});

const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.test.js')).sort();
const results = await runFiles(files.map((name) => resolve(join(folder, name))), {
  timeout: Number(timeout),
  onResult: (result) => console.log(describeResult(result)),
});

console.log(`\n${summarize(results)}`);
if (results.some(({ outcome }) => outcome !== 'passed')) process.exitCode = 1;
