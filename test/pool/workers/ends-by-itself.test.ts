import { describe, expect, it } from 'vitest';

import { endsAfter, once } from './ends-by-itself.ts';
import { runNode, script } from '../helpers.ts';

describe('a process with a pool ends by itself, with code 0 and no output', () => {
  // The other runtimes are in ends-by-itself.slow.test.ts.
  it.each(once)('of %s, after %s', async (runtime, way, lines) => {
    expect(await endsAfter(runtime, way)).toEqual({ code: 0, lines, stderr: '' });
  });

  it('of threads, after a crash', async () => {
    expect(await endsAfter('threads', 'a worker that crashed')).toEqual({ code: 0, lines: ['OFFLOOP_WORKER_CRASHED', 'done'], stderr: '' });
  });
});

describe('a worker thread that throws while the pool closes', () => {
  it('ends neither the process nor the close()', async () => {
    expect(await runNode([script('throws-while-closing.js')])).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
  });
});
