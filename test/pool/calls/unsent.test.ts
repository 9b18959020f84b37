import { MessagePort } from 'node:worker_threads';

import { expect, it, onTestFinished } from 'vitest';

import { takes } from '../../fixtures/faults.js';
import { poolFor, rejection } from '../helpers.ts';

it('an argument that cannot be cloned costs no worker when its call is made while the worker is idle', async () => {
  const pool = poolFor({ maxThreads: 1 });
  await pool.run(takes, [1]);
  const call = new Promise<Promise<unknown>>((resolve) => {
    whenResumeIsSent(() => { resolve(rejection(pool.run(takes, [Symbol('no')])).then((error: unknown) => ({ error }))); });
  });
  expect(await (await call)).toEqual({ error: expect.objectContaining({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'args[0]' }) });
  expect(await pool.run(takes, ['x'])).toBe('string');
  expect(pool.stats().workers).toMatchObject({ started: 1, crashed: 0, replaced: 0 });
});

it.each(['threads', 'processes'] as const)('a first call that cannot be cloned leaves its worker of %s, whose setup comes with the next call', async (runtime) => {
  const startTimeout = 50;
  const pool = poolFor({ runtime, maxThreads: 1, startTimeout });
  expect(await rejection(pool.run(takes, [Symbol('no')]))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE' });
  await new Promise((resolve) => setTimeout(resolve, 5 * startTimeout));
  expect(pool.stats().workers).toMatchObject({ started: 1, idle: 1, crashed: 0, replaced: 0 });
});

/** An idle worker is asked to let its event loop turn: the next message waits until it has done so. */
function whenResumeIsSent(then: () => void): void {
  const { postMessage } = MessagePort.prototype;
  const restore = (): void => { MessagePort.prototype.postMessage = postMessage; };
  onTestFinished(restore);
  MessagePort.prototype.postMessage = function spy(this: MessagePort, message: any, ...rest: any[]) {
    postMessage.call(this, message, ...rest);
    if (message?.task?.type !== 'resume-event-loop') return;
    restore();
    queueMicrotask(then);
  };
}
