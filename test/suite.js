// Runs all tests. The files that watch processes being stuck come last, one file after the other: beside tests that compute, they
// would tell of a machine that has no CPU to spare. That happens without them, too, and is told of rightly: such a test may
// be run again, since what it is about is not the machine.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const watchers = [
  ...['beside', 'blockers', 'callbacks', 'capture', 'html', 'innocents', 'life', 'log', 'server', 'while-blocked'].map((name) => `test/watchdog/${name}.test.ts`),
  ...['register', 'expect-no-stall', 'testing-node-test', 'testing-vitest'].map((name) => `test/integrations/${name}.test.ts`),
  'test/cli/run.test.ts',
  'test/faults/secrets.test.ts',
];
// `others` or `watching`: only these; more arguments are names of files.
const [part, ...files] = process.argv.slice(2);

const others = part === 'watching' ? 0 : run(['run', '--maxWorkers=2', ...watchers.flatMap((file) => ['--exclude', file]), ...(part === 'others' ? files : [])]);
const watching = part === 'others' ? 0 : run(['run', '--no-file-parallelism', '--retry=3', ...(files.length > 0 ? files : watchers)]);
process.exitCode = others || watching;

function run(args) {
  return spawnSync(process.execPath, [vitest, ...args], { stdio: 'inherit' }).status ?? 1;
}
