import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { chart } from './chart.js';
import { questions } from './questions.js';

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
  if (answer.notHere) {
    console.log(`Not measured: ${answer.notHere}.`);
    continue;
  }
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
