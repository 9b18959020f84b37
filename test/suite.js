// Runs the tests: node test/suite.js [part] [files]
//   all (the default)  for `npm test`, in under three minutes: first the tests that work on any machine, then the others
//   slow               *.slow.test.ts, and more of the random tests
//   on-another-node    the tests that depend on the version of Node, or the given files of them
//   needs-cpu          the tests that need CPU to judge, or the given files of them
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

/**
 * Tests that need CPU to judge: they watch processes that are stuck. A machine without spare CPU makes a process stuck, too, and the
 * watchdog is right to report that, though the test is about another cause. So these tests come last, two at a time, and a failed test is
 * tried again, at most three times. No other test is tried again. `.ci/run` lists at its end the tests that passed only when tried again.
 */
const needCpu = namesOfTests([
  ...['beside', 'blockers', 'callbacks', 'innocents', 'life', 'monitor/probe-client', 'page/server', 'report/log', 'while-blocked'].map((name) => `watchdog/${name}`),
  ...['expect-no-stall', 'node-test', 'vitest'].map((name) => `testing/${name}`),
  ...['cli/run', 'faults/overload', 'faults/secrets', 'readme-watchdog', 'register/register'],
]);
const needCpuSlow = namesOfTests(['cli/run.slow', 'register/register.slow', 'testing/vitest.slow', 'watchdog/blockers.slow', 'watchdog/innocents.slow', 'watchdog/page/html.slow']);
/** Tests with the same result, or nearly the same, on every version of Node. */
const same = namesOfTests(['house', 'readme', 'docs', 'bench', 'examples/test-runner', 'faults/overload', 'soak/soak', 'watchdog/report/ranking', 'watchdog/report/report']);
const atRandom = namesOfTests(['context/attack.property', 'faults/clean-root', 'faults/identity', 'faults/model', 'faults/replaced-globals', 'soak/soak']);
const longer = { OFFLOOP_ALL_GLOBALS: '1', OFFLOOP_MODEL_RUNS: '1500', OFFLOOP_ROOT_MS: '15000', OFFLOOP_TEST_OVERLOAD_SECONDS: '20', OFFLOOP_IDENTITY_CALLS: '1000000', OFFLOOP_SOAK_TASKS: '50000' };

const RETRIES = 3;
/** Many tests wait more than they compute, so one more worker than there are CPUs keeps all CPUs busy. */
const WORKERS = availableParallelism() + 1;

const parts = {
  'all': () => [others(except(['test/**/*.slow.test.ts'])), lastly(needCpu)],
  'slow': () => [others(['.slow.test.ts', ...atRandom], longer), lastly([...needCpuSlow, ...namesOfTests(['faults/overload'])], longer)],
  'on-another-node': (files) => [others([...except(['test/**/*.slow.test.ts', ...same]), ...files])],
  'needs-cpu': (files) => [lastly(files.length > 0 ? files : needCpu)],
};

const [part = 'all', ...files] = process.argv.slice(2);
const isKnown = Object.hasOwn(parts, part);
if (!isKnown) console.error(`test/suite.js: expected one of ${Object.keys(parts).join(', ')}, got ${part}`);
process.exitCode = isKnown ? Math.max(...parts[part](files)) : 2;

function others(args, env = {}) {
  return run([`--maxWorkers=${WORKERS}`, ...except([...needCpu, ...needCpuSlow]), ...args], env);
}

function lastly(files, env = {}) {
  return run(['--maxWorkers=2', `--retry=${RETRIES}`, ...files], env);
}

function run(args, env = {}) {
  return spawnSync(process.execPath, [vitest, 'run', ...args], { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;
}

function except(excluded) {
  return excluded.flatMap((file) => ['--exclude', file]);
}

function namesOfTests(names) {
  return names.map((name) => `test/${name}.test.ts`);
}
