import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { rejectsLater, throwsLater } from '../../fixtures/throws-later.js';
import { rejection, workers } from '../helpers.ts';

describe.each(workers)('a worker of %s that ends by an uncaught exception', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  it('tells its caller what was thrown, as the cause of its error', async () => {
    const error = await rejection(pool.run(throwsLater, ['error']));
    expect(error).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', exitCode: 1, message: expect.stringContaining('by an uncaught exception: boom') });
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.cause).toMatchObject({ message: 'boom', code: 'E_BOOM', cause: { message: 'why' }, stack: expect.stringContaining('throws-later.js') });
  });

  it('tells the beginning of what is too large for its last moment', async () => {
    const { cause } = await rejection(pool.run(throwsLater, ['large error']));
    expect(cause).toBeInstanceOf(RangeError);
    expect(cause.message).toMatch(/^boom x/);
  });

  it('tells what was thrown when that is no error', async () => {
    expect(await rejection(pool.run(throwsLater, ['text']))).toMatchObject({ cause: 'a text' });
    expect(await rejection(pool.run(throwsLater, ['object']))).toMatchObject({ cause: { status: 3 } });
  });

  it('is known to have crashed by what is falsy, too, and takes no other call along', async () => {
    expect(await rejection(pool.run(throwsLater, ['null']))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', cause: null });
    expect(await rejection(pool.run(throwsLater, ['zero']))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', cause: 0 });
  });

  it('tells which rejection nobody has caught', async () => {
    expect(await rejection(pool.run(rejectsLater, []))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', cause: { message: 'nobody catches it' } });
  });
});
