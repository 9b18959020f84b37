import { describe, expect, it } from 'vitest';

import { runNode, runtimes, script, workers } from './helpers.ts';

const ways = [
  ['a task of the default pool'],
  ['a large idleTimeout'],
  ['deadlines and timeouts far away'],
  ['a timed-out task', 'OFFLOOP_TIMEOUT'],
  ['an aborted task', 'AbortError'],
  ['a map that was broken off'],
  ['an iterator that was left lying'],
  ['closing in exit'],
  ['closing with a long time limit'],
];

describe.each(runtimes)('a process with a pool of %s ends by itself, with code 0 and nothing to say, after', (runtime) => {
  it.each(ways)('%s', async (way, ...lines) => {
    expect(await endsAfter(runtime, way)).toEqual({ code: 0, lines: [...lines, 'done'], stderr: '' });
  });

  it('closing in beforeExit', async () => {
    expect(await endsAfter(runtime, 'closing in beforeExit')).toEqual({ code: 0, lines: ['done', 'closed'], stderr: '' });
  });
});

describe.each(workers)('a process with a pool of %s', (runtime) => {
  it('ends by itself after a crash', async () => {
    expect(await endsAfter(runtime, 'a worker that crashed')).toEqual({ code: 0, lines: ['OFFLOOP_WORKER_CRASHED', 'done'], stderr: '' });
  });
});

describe('a worker thread that throws while the pool closes', () => {
  it('ends neither the process nor the close()', async () => {
    expect(await runNode([script('throws-while-closing.js')])).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
  });
});

async function endsAfter(runtime: string, way: string | undefined): Promise<unknown> {
  const { code, stdout, stderr } = await runNode([script('ends-after.js'), runtime, way ?? '']);
  return { code, lines: stdout.trimEnd().split('\n'), stderr };
}
