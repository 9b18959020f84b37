import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { add } from '../fixtures/places.js';
import { poolFor, rejection, runNode, runtimes, script, workers } from '../pool/helpers.ts';

const run = promisify(execFile);

describe.each(workers)('on %s', (runtime) => {
  it('calls without a free file descriptor are refused with an error about descriptors, and the next call works', async () => {
    const { stdout, stderr } = await run('sh', ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, script('cannot-start.js'), 'files', runtime]);
    const [first, then] = stdout.split('\n');
    expect(JSON.parse(first!)).toEqual({ rejections: [expect.stringMatching(/^OFFLOOP_WORKER_CRASHED null .*EMFILE.*`ulimit -n`/)], started: 0 });
    expect({ then, stderr }).toEqual({ then: '3 true', stderr: '' });
  });

  it('where only one worker can be started, that worker runs all calls', async () => {
    const { stdout, stderr, code } = await runNode([script('cannot-start.js'), 'second', runtime]);
    expect({ stdout, stderr, code }).toEqual({ stdout: '[1,2,3,4,5,6,7,8] 1\n', stderr: '', code: 0 });
  });

  it.each(['--inspect-brk=0', '--inspect-wait=0'])('the option %s is refused at once, since nobody would attach a debugger', async (flag) => {
    for (const options of [{ execArgv: [flag] }, { env: { NODE_OPTIONS: `--no-warnings ${flag}` } }]) {
      const pool = poolFor({ runtime, maxThreads: 1, ...options });
      expect(await rejection(pool.run(add, [1, 2]))).toMatchObject({ code: 'OFFLOOP_OPTION', message: expect.stringContaining(flag) });
      expect(pool.stats().workers.started).toBe(0);
    }
  });
});

it('a missing Node binary is an error at once, and leaves nothing behind', async () => {
  const { stdout, stderr, code } = await runNode([script('cannot-start.js'), 'binary', 'processes']);
  const [first, then] = stdout.split('\n');
  expect(JSON.parse(first!)).toEqual({ rejections: [expect.stringMatching(/^OFFLOOP_WORKER_CRASHED null .*ENOENT.*\/nonexistent\/node.*restart this process/)], started: 0 });
  expect({ then, stderr, code }).toEqual({ then: '3 true', stderr: '', code: 0 });
});

it('a worker process needs no temporary folder and no resident set size', async () => {
  const broken = fileURLToPath(new URL('../fixtures/no-memory-usage.cjs', import.meta.url));
  const { stdout, stderr } = await runNode(['--require', broken, script('aborts-a-loop.js')], { TMPDIR: '/nonexistent' });
  expect({ stdout, stderr }).toEqual({ stdout: 'AbortError 3 1 0\n', stderr: '' });
});

it.each(runtimes)('a module on %s may wait for its own task, which throws, and its error class then arrives as itself', async (runtime) => {
  const { stdout, code } = await runNode([script('awaits-itself.js'), runtime]);
  expect({ stdout, code }).toEqual({ stdout: 'failed E_OWN true E_OWN\n', code: 0 });
});
