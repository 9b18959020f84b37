// Runs all tests. Those that watch processes being stuck come last, one file after the other: beside tests that compute, they
// would tell of a machine that has no CPU to spare.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const alone = ['test/watchdog/', 'test/cli/', 'test/integrations/'];

const others = run(['run', ...alone.flatMap((folder) => ['--exclude', `${folder}**`])]);
const watching = run(['run', '--no-file-parallelism', ...alone]);
process.exitCode = others || watching;

function run(args) {
  return spawnSync(process.execPath, [vitest, ...args], { stdio: 'inherit' }).status ?? 1;
}
