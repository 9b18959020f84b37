import { describe, expect, it } from 'vitest';

import { runNode, script, workers } from './helpers.ts';

describe('the default pool', () => {
  it('runs a task that is simply called, with the options of configure()', async () => {
    expect(await runNode([script('default-pool.js')])).toEqual({
      code: 0,
      stdout: ['sum 3', 'in a worker true', 'workers 1', 'late configure OFFLOOP_OPTION', 'unknown option OFFLOOP_OPTION', 'with 5', ''].join('\n'),
      stderr: '',
    });
  });

  it('is there before its first task, with stats(), ready() and close(), and takes no call once it is closed', async () => {
    expect(await runNode([script('default-pool-object.js')])).toEqual({
      code: 0,
      stdout: [
        ...['same true', 'configured shop 2', 'configure() OFFLOOP_OPTION', 'workers before 0', 'sum 3', 'counted 1', 'ready true'],
        ...['running call 42', 'state closed', 'direct OFFLOOP_POOL_CLOSED', 'with OFFLOOP_POOL_CLOSED', 'ready() OFFLOOP_POOL_CLOSED'],
        ...['same after close true', 'configure() after close OFFLOOP_OPTION', ''],
      ].join('\n'),
      stderr: '',
    });
  });

  it('keeps the caller\'s part of the stack, whatever the kind of call', async () => {
    const { code, stdout } = await runNode([script('prints-stack.js')]);
    expect(code).toBe(0);
    const frames = stdout.trim().split('\n').map((line) => line.replace(/\(?file:.*\/(.*?):\d+:\d+\)?$/, '$1'));
    expect(frames).toEqual([
      'SyntaxError: bad input',
      '    at deepest throws-deep.js',
      '    at throwsDeep throws-deep.js',
      "    at task 'throwsDeep' (offloop worker)",
      '    at async handleRequest prints-stack.js',
      '    at async prints-stack.js',
    ]);
  });

  it('shows the refused call in the stack of a refusal, and no frame of its own', async () => {
    const { code, stdout } = await runNode([script('prints-refusals.js')]);
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n').map((line) => line.replace(/\(?(?:async )?file:.*\/(.*?):\d+:\d+\)?$/, '$1'));
    expect(lines.filter((line) => !line.includes('AsyncLocalStorage.run'))).toEqual([
      ...['NotCloneableError', '    at handlesInstance prints-refusals.js', '    at prints-refusals.js'],
      ...['ContextError', '    at prints-refusals.js', '    at handlesStore prints-refusals.js', '    at prints-refusals.js'],
      ...['ContextTooLargeError', '    at prints-refusals.js', '    at handlesLargeStore prints-refusals.js', '    at prints-refusals.js'],
    ]);
  });
});

describe('a process that is started with Node flags', () => {
  it.each([['--expose-gc'], ['--max-old-space-size=256'], ['--stack-trace-limit=20'], ['--title=mine']])('%s: its threads start in spite of the flags', async (flag) => {
    expect(await runNode([flag, '--no-warnings', script('ends-idle.js'), 'threads'])).toEqual({ code: 0, stdout: 'sum 3\n', stderr: '' });
  });
});

describe('without the right to start workers', () => {
  const [major] = process.versions.node.split('.').map(Number);
  const flag = major! < 22 ? '--experimental-permission' : '--permission';

  it('tasks run on the event loop, and one warning says so', async () => {
    const { code, stdout, stderr } = await runNode([flag, '--allow-fs-read=*', script('runs-without-workers.js')]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'sums 3 7\nsame thread true\n' });
    expect(stderr.match(/OFFLOOP_NO_WORKERS/g)).toHaveLength(1);
    expect(stderr).toContain('--allow-worker');
  });

  it('a timeout rejects without a worker stack where the inspector is refused', async () => {
    const { code, stdout } = await runNode([flag, '--allow-fs-read=*', '--allow-worker', script('times-out.js')]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'OFFLOOP_TIMEOUT\nsum 3\n' });
  });
});

describe.each(workers)('a pool of %s in a process that runs code from its command line', (runtime) => {
  const plain = new URL('../fixtures/plain.js', import.meta.url).href;
  // A worker that ran this code again would start workers, too.
  const code = `if (process.connected) process.exit(9);
    import('offloop').then(async ({ createPool }) => {
      const pool = createPool({ runtime: '${runtime}', maxThreads: 1 });
      console.log(await pool.tasks('${plain}').double(21));
      await pool.close();
    });`;

  it.each([['--eval', code], ['--input-type=module', '-e', code], ['--input-type', 'module', '--eval', code], [`--eval=${code}`]])('runs that code once: %s', async (...args) => {
    expect(await runNode(args)).toEqual({ code: 0, stdout: '42\n', stderr: '' });
  });
});
