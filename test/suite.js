// Runs all tests. The files that watch processes being stuck come last, two at a time: beside tests that compute, they would
// tell of a machine that has no CPU to spare. That happens without them, too, and is told of rightly: such a test may be run
// again, since what it is about is not the machine.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const watchers = [
  ...['beside', 'blockers', 'callbacks', 'capture', 'html', 'innocents', 'life', 'log', 'server', 'while-blocked'].map((name) => `test/watchdog/${name}.test.ts`),
  ...['register', 'expect-no-stall', 'testing-node-test', 'testing-vitest'].map((name) => `test/integrations/${name}.test.ts`),
  ...['test/cli/run.test.ts', 'test/faults/secrets.test.ts'],
];
/** Of the rest, what is the same on every Node, and takes its time. */
const same = ['readme', 'docs', 'bench', 'examples/frameworks', 'examples/test-runner', 'faults/overload', 'pool/group-signals', 'soak/soak', 'watchdog/ranking', 'watchdog/report'].map((name) => `test/${name}.test.ts`);
// `others` or `watching`: only these; `others-again`: those of them that depend on the Node. More arguments are names of files.
const [part = 'all', ...files] = process.argv.slice(2);

// A shared machine may stand still for a while: CI tries a test once more, and tells at its end which ones that were.
const again = process.env.CI === undefined ? [] : ['--retry=1'];
const others = part === 'watching' ? 0 : run([...again, ...except(part === 'others-again' ? [...watchers, ...same] : watchers), ...files]);
const watching = part.startsWith('others') ? 0 : run(['--retry=3', ...(part === 'watching' && files.length > 0 ? files : watchers)]);
process.exitCode = others || watching;

function except(excluded) {
  return excluded.flatMap((file) => ['--exclude', file]);
}

function run(args) {
  return spawnSync(process.execPath, [vitest, 'run', '--maxWorkers=2', ...args], { stdio: 'inherit' }).status ?? 1;
}
