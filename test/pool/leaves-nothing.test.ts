import { describe, expect, it } from 'vitest';

import { runNode, script } from './helpers.ts';

const fine = '2 2 4 6 8 10 12';
const troubled = 'OFFLOOP_TIMEOUT 20 6 2 4 6';

describe('pools that are opened and closed in turn leave no handle, listener, file, thread or process behind', () => {
  it.each([
    ['threads', 'true', 6, 'OFFLOOP_WORKER_CRASHED'],
    ['threads', 'false', 2, 'OFFLOOP_WORKER_CRASHED'],
    ['processes', 'true', 2, 'OFFLOOP_WORKER_CRASHED'],
    ['inline', 'true', 10, 'no worker'],
  ])('of %s (coalesce: %s), %i of them, some with a crash, a timeout, an abort and recycled workers', async (runtime, coalesce, count, crash) => {
    const { code, stdout, stderr } = await runNode([script('opens-and-closes.js'), runtime, coalesce, String(count)]);
    expect({ code, lines: stdout.split('\n'), stderr }).toEqual({ code: 0, lines: ['', `${fine} ${crash} ${troubled}`, fine, ''], stderr: '' });
  });
});
