// Runs all tests. Those that watch processes being stuck come last, one file after the other: beside tests that compute, they
// would tell of a machine that has no CPU to spare. That happens without them, too, and is told of rightly: such a test may
// be run again, since what it is about is not the machine.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const alone = ['test/watchdog/', 'test/cli/', 'test/integrations/'];
// `others` or `watching`: only these; more arguments are names of files.
const [part, ...files] = process.argv.slice(2);

const others = part === 'watching' ? 0 : run(['run', ...alone.flatMap((folder) => ['--exclude', `${folder}**`])]);
const watching = part === 'others' ? 0 : run(['run', '--no-file-parallelism', '--retry=3', ...(files.length > 0 ? files : alone)]);
process.exitCode = others || watching;

function run(args) {
  return spawnSync(process.execPath, [vitest, ...args], { stdio: 'inherit' }).status ?? 1;
}
