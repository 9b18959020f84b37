import { expect, it } from 'vitest';

import { again, endsAfter } from './ends-by-itself.ts';

it.each(again)('a process with a pool of %s ends by itself, with code 0 and no output, after %s', async (runtime, way, lines) => {
  expect(await endsAfter(runtime, way)).toEqual({ code: 0, lines, stderr: '' });
});

it('a process with a pool of processes ends by itself after a crash', async () => {
  expect(await endsAfter('processes', 'a worker that crashed')).toEqual({ code: 0, lines: ['OFFLOOP_WORKER_CRASHED', 'done'], stderr: '' });
});
