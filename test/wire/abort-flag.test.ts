import { describe, expect, it } from 'vitest';

import { SharedAbortFlag } from '../../src/wire/abort-flag.ts';
import { createControlBlock } from '../../src/wire/control-block.ts';

describe('the flag of a task that is to stop', () => {
  it.each([1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 5, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 7, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER])('is raised for the task %d alone', (id) => {
    const words = createControlBlock();
    const [pool, worker] = [new SharedAbortFlag(words), new SharedAbortFlag(words)];
    expect(worker.kindFor(id)).toBeUndefined();
    pool.raise({ type: 'abort', id, kind: 'timeout' });
    expect(worker.kindFor(id)).toBe('timeout');
    expect([id - 1, id + 1, id + 2 ** 31, id + 2 ** 32, id % 2 ** 31].filter((other) => other !== id).map((other) => worker.kindFor(other))).not.toContain('timeout');
  });
});
