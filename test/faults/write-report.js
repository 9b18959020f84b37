// Plays all faults, random sequences and a soak, and writes the results into docs/faults.md:
//   npm run faults [-- --sequences 5000 --tasks 1000000]
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { betweenMarkers } from '../../examples/demo/markers.js';
import { rows } from './report-rows.js';

const { values } = parseArgs({ options: { sequences: { type: 'string', default: '5000' }, tasks: { type: 'string', default: '1000000' } } });
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const vitest = path('../../node_modules/vitest/vitest.mjs');

const tests = resultsOf(['faults', 'starts', 'leftovers', 'hostile', 'hostile-keys', 'hostile-reads', 'clean-root', 'overload']);
const tinypool = JSON.parse(output([path('tinypool.js'), '--json']));
const model = resultsOf(['model'], { OFFLOOP_MODEL_RUNS: values.sequences });
const soak = output(['--expose-gc', path('../soak/soak.js'), '--tasks', values.tasks]);

const file = path('../../docs/faults.md');
writeFileSync(file, betweenMarkers('faults', readFileSync(file, 'utf8'), [...table(), '', ...figures()].join('\n')));

function table() {
  return [
    '| fault | what the caller gets | survived on | tinypool 2.2.0 by itself |',
    '| --- | --- | --- | --- |',
    ...rows.map(({ fault, outcome, test, peer }) => `| ${fault} | ${outcome} | ${survivedOn(test)} | ${peer === undefined ? 'not tried' : peerRow(tinypool[peer])} |`),
  ];
}

/** Each row is backed by tests: a test that has failed or is missing is an error. */
function survivedOn(test) {
  const those = tests.filter(({ fullName }) => test.test(fullName));
  if (those.length === 0) throw new Error(`No test is called ${test}`);
  return runtimesOf(those) || 'threads';
}

function runtimesOf(those) {
  return ['threads', 'processes', 'inline'].filter((runtime) => those.some(({ fullName }) => fullName.includes(runtime) || (runtime === 'processes' && fullName.includes('worker process')))).join(', ');
}

function peerRow(row) {
  const others = [row['beside it'], row['behind it']].some((answer) => !answer.startsWith('resolves: a value')) ? '; its neighbours are lost too' : '';
  return `${row.culprit.replaceAll('|', '\\|')}${others}; ${row.afterwards}`;
}

function figures() {
  const figure = (name) => new RegExp(`^ *${name} +([\\d,.]+)$`, 'm').exec(soak)?.[1];
  const number = (text) => Number(text).toLocaleString('en');
  return [
    `Faults tried: ${rows.length} kinds in ${tests.length} tests; survived: all. Random sequences played against the model: ${number(values.sequences)} in ${model.length} tests; failed: none.`,
    `The soak: ${figure('tasks')} tasks in ${figure('seconds')} s, ${figure('faulty tasks')} of them faulty, ${figure('workers started')} workers started; lost: ${figure('lost')}.`,
    '',
    `Node ${process.versions.node}.`,
  ];
}

function resultsOf(names, env = {}) {
  const results = JSON.parse(output([vitest, 'run', '--reporter=json', ...names.map((name) => path(`${name}.test.ts`))], env));
  if (!results.success) throw new Error(`test/faults: ${results.numFailedTests} tests have failed`);
  return results.testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === 'passed');
}

function output(args, env = {}) {
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`node ${args.join(' ')} has failed: ${stdout.slice(-2000)}`);
  return stdout;
}
