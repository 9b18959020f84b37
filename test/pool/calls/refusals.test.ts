import { expect, it } from 'vitest';

import { queueFullError, tooLateError } from '../../../src/pool/calls/refusals.ts';

it('a time after which it is worth calling again is at least 1 ms, and absent where it is not known', () => {
  expect(queueFullError('pool', 1, 'task', 0).retryAfter).toBe(1);
  expect(queueFullError('pool', 1, 'task', 0.2).retryAfter).toBe(1);
  expect('retryAfter' in queueFullError('pool', 1, 'task', undefined)).toBe(false);
  expect(tooLateError('pool', 'task', 0.3, 0, 0.1)).toMatchObject({ retryAfter: 1, message: expect.stringContaining('is in 1 ms') as string });
});

it('a call that is too late can be made again when its wait and its run fit, unless the run alone does not', () => {
  expect(tooLateError('pool', 'task', 600, 200, 700)).toMatchObject({ retryAfter: 100, message: expect.stringContaining('wait about 600 ms in the pool \'pool\' now, and runs for about 200 ms;') as string });
  expect('retryAfter' in tooLateError('pool', 'task', 600, 200, 100)).toBe(false);
});
