import { existsSync, readFileSync } from 'node:fs';
import { MessagePort } from 'node:worker_threads';

import { expect, it, onTestFinished } from 'vitest';

import { blockIn, controlNumbers, controlWords, numbersOf } from '../../../src/wire/control-block.ts';
import { now } from '../../../src/node/clock.ts';
import { blocksAt } from '../../fixtures/gates.js';
import { add } from '../../fixtures/places.js';
import { takesMs } from '../../fixtures/takes-ms.js';
import { gate, observed, poolFor } from '../helpers.ts';

const isLinux = existsSync('/proc/thread-self/schedstat');

it('a thread tells its id, the start of its task, and its CPU time at the end of its last message', async () => {
  const blocks = spyOnSetups();
  const pool = poolFor({ maxThreads: 1 });
  await pool.run(add, [1, 2]);
  const [control] = blocks;
  const numbers = numbersOf(control!);
  const startedAt = (): number => numbers[controlNumbers.taskStartedAt]!;
  const cpu = (): number => numbers[controlNumbers.cpuAtMessageEnd]!;
  const tid = control![controlWords.threadId]!;
  if (isLinux) expect(readFileSync(`/proc/self/task/${tid}/schedstat`, 'latin1')).toMatch(/^\d+ \d+ \d+\n$/);
  expect(startedAt()).toBe(0);

  const before = now();
  const { path, open } = gate();
  const { options, started } = observed();
  const running = pool.run(blocksAt, [path, 1], options);
  await started;
  expect(startedAt()).toBeGreaterThan(before);
  expect(startedAt()).toBeLessThan(now());
  open();
  await running;
  expect(startedAt()).toBe(0);

  const atStart = cpu();
  await pool.run(takesMs, [100]);
  // The worker writes the figure when it has sent its response, and before it reads another message.
  await pool.run(add, [1, 2]);
  if (isLinux) expect(cpu() - atStart).toBeGreaterThan(30);

  await pool.close();
  expect(control![controlWords.threadId]).toBe(0);
});

/** The control blocks of the workers that are started from now on. */
function spyOnSetups(): ReturnType<typeof blockIn>[] {
  const blocks: ReturnType<typeof blockIn>[] = [];
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (this: MessagePort, message: { task?: { setup?: { control: SharedArrayBuffer } } } | null, transfer) {
    const control = message?.task?.setup?.control;
    if (control !== undefined) blocks.push(blockIn(control));
    postMessage.call(this, message, transfer as []);
  };
  onTestFinished(() => { MessagePort.prototype.postMessage = postMessage; });
  return blocks;
}
