import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { article } from './article.js';
import { chart } from './chart.js';
import { fiveMs } from './five-ms.js';
import { map } from './map.js';
import { mixed } from './mixed.js';
import { payload } from './payload.js';
import { queued } from './queued.js';
import { sequential } from './sequential.js';
import { startUp } from './start-up.js';
import { trivialCarrying } from './trivial-carrying.js';
import { trivial } from './trivial.js';
import { watchdog } from './watchdog.js';

/** Each question is one file: `npm run bench`, or `npm run bench -- sequential`. */
const questions = {
  ...{ trivial, 'trivial-carrying': trivialCarrying, sequential, map, 'five-ms': fiveMs, mixed, payload, queued, 'start-up': startUp },
  ...{ article, watchdog },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  // Few rounds, only to check that the question runs; the figures are not kept.
  options: { quick: { type: 'boolean', default: false } },
});
const unknown = positionals.find((name) => !(name in questions));
if (unknown !== undefined) {
  console.error(`There is no question '${unknown}'. There are: ${Object.keys(questions).join(', ')}.`);
  process.exit(2);
}

for (const name of positionals.length === 0 ? Object.keys(questions) : positionals) {
  console.log(`${name}: Node ${process.versions.node}, ${String(availableParallelism())} cores`);
  const answer = await questions[name]({ isQuick: values.quick });
  console.table(answer.rows);
  console.log(answer.verdict);
  if (!values.quick) keep(name, answer);
}

function keep(name, answer) {
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), platform: `${process.platform} ${process.arch}` };
  const measured = { measuredOn: new Date().toISOString().slice(0, 10), node: process.version, machine, ...answer };
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(measured, null, 2)}\n`);
  writeFileSync(new URL(`${name}.svg`, folder), chart(measured));
}
