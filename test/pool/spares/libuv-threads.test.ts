import { expect, it } from 'vitest';

import { runNode, script, workers } from '../helpers.ts';

it.runIf(process.platform === 'linux').each(workers)('the threads that read files keep their priority, though a lowered task on %s is the first to read one', async (runtime) => {
  const { stdout, stderr } = await runNode([script('lowered-threads.js'), runtime]);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ others: true, texts: ['', ''], lowered: [] });
});
