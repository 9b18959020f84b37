import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { rejectsLater, throwsLater } from '../../fixtures/throws-later.js';
import { rejection, workers } from '../helpers.ts';

describe.each(workers)('a worker of %s that ends by an uncaught exception', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  it('sends the thrown value to its caller, as the cause of the error', async () => {
    const error = await rejection(pool.run(throwsLater, ['error']));
    expect(error).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', exitCode: 1, message: expect.stringContaining('by an uncaught exception: boom') });
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.cause).toMatchObject({ message: 'boom', code: 'E_BOOM', cause: { message: 'why' }, stack: expect.stringContaining('throws-later.js') });
  });

  it('sends the beginning of a value that is too large for its last message', async () => {
    const { cause } = await rejection(pool.run(throwsLater, ['large error']));
    expect(cause).toBeInstanceOf(RangeError);
    expect(cause.message).toMatch(/^boom x/);
  });

  it('sends the thrown value when the value is no error', async () => {
    expect(await rejection(pool.run(throwsLater, ['text']))).toMatchObject({ cause: 'a text' });
    expect(await rejection(pool.run(throwsLater, ['object']))).toMatchObject({ cause: { status: 3 } });
  });

  it('has crashed also if the value is falsy, and fails no other call', async () => {
    expect(await rejection(pool.run(throwsLater, ['null']))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', cause: null });
    expect(await rejection(pool.run(throwsLater, ['zero']))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', cause: 0 });
  });

  it('sends the reason of the unhandled rejection', async () => {
    expect(await rejection(pool.run(rejectsLater, []))).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED', cause: { message: 'nobody catches it' } });
  });
});
