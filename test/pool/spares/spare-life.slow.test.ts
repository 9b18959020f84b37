import { expect, it } from 'vitest';

import { runNode, script, workers } from '../helpers.ts';

it.each(workers)('spares on %s: calls wait where none can be started, none sees or keeps a caller\'s context, each is announced, and the process ends', async (runtime) => {
  const { code, stdout, stderr } = await runNode(['--expose-gc', script('spares.js'), runtime]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    withoutRoom: { waited: 'waited', results: ['fulfilled', 'fulfilled', 'fulfilled'], sparesStarted: 0 },
    isPinned: false,
    seen: [],
    events: [{ pool: 'spared', worker: 3, task: 'light', behind: 'burnsAt', cpuMs: expect.any(Number) }],
    workers: { spares: 0, lowered: 0, busy: 0, sparesStarted: 1 },
  });
});
