import { expect, it } from 'vitest';

import { timesOfThread } from '../../../src/node/cpus/thread-times.ts';
import { fakeRoot } from './fake-root.ts';

it('the times of a thread are those that the kernel counts, in ms', () => {
  const root = fakeRoot({ '/proc/self/task/7/schedstat': '1500000000 250000000 12\n', '/proc/self/task/8/schedstat': '0 0 0\n', '/proc/self/task/9/schedstat': 'nonsense\n' });
  expect(timesOfThread(7, root)).toEqual({ ran: 1500, waited: 250 });
  for (const id of [8, 9, 10, 0]) expect(timesOfThread(id, root)).toBeUndefined();
});

it('of this process’s first thread are known where there is a /proc', () => {
  const times = timesOfThread(process.pid);
  if (process.platform === 'linux') expect(times).toEqual({ ran: expect.any(Number), waited: expect.any(Number) });
  else expect(times).toBeUndefined();
});
