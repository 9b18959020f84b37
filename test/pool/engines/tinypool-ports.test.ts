import { MessageChannel, MessagePort } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

import { describe, expect, it, onTestFinished } from 'vitest';

import { chain, depthOf, echo, returnsChain } from '../../fixtures/unreadable.js';
import { returnsIt } from '../../fixtures/context/returns-uncloneable.js';
import { does } from '../../fixtures/replaced-globals.js';
import { poolFor, rejection } from '../helpers.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

describe('the port between tinypool and a worker thread', () => {
  it('is recognised in the worker, also where a module that was loaded before starts a port of its own first', async () => {
    const pool = poolFor({ maxThreads: 1, execArgv: ['--require', fixture('starts-ports.cjs')] });
    expect(await pool.run(echo, [1])).toBe(1);
    expect(await rejection(pool.run(returnsIt, ['function']))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE' });
    const outcome: unknown = await pool.run(depthOf, [chain(12_000)]).catch((error: unknown) => error);
    if (outcome !== 12_000) expect(outcome).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'args' });
    expect(await pool.run(echo, [2])).toBe(2);
    expect(pool.stats().workers).toMatchObject({ crashed: 0, replaced: 0 });
  });

  it('is recognised in the pool, also where an agent opens a port of its own for each that is opened', async () => {
    const received = wrapPorts();
    const pool = poolFor({ maxThreads: 1 });
    expect(await pool.run(echo, [1])).toBe(1);
    expect(await rejection(pool.run(returnsChain, [12_000]))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE' });
    expect(await pool.run(echo, [2])).toBe(2);
    expect(received).toContain('of the agent');
    expect(pool.stats().workers).toMatchObject({ crashed: 0, replaced: 0 });
  });
});

describe('the listener by which tinypool gets the tasks of a worker process', () => {
  it('is recognised, and put back after a task that removes all listeners, also where an agent has added one behind it', async () => {
    const pool = poolFor({ runtime: 'processes', maxThreads: 1, execArgv: ['--require', fixture('adds-listeners.cjs')] });
    expect(await pool.run(echo, [1])).toBe(1);
    await pool.run(does, ['process.on']);
    expect(await pool.run(echo, [2])).toBe(2);
    expect(pool.stats().workers).toMatchObject({ crashed: 0, replaced: 0 });
  });
});

/** Stands for an agent in this process that watches ports: with each listener for `close` it opens a channel of its own. */
function wrapPorts(): unknown[] {
  const received: unknown[] = [];
  const { prototype } = MessagePort;
  const { on } = prototype;
  let isOpening = false;
  prototype.on = function (this: MessagePort, event: string, listener: (value: any) => void) {
    const result = on.call(this, event as 'message', listener);
    if (event === 'close' && !isOpening) {
      isOpening = true;
      open(received);
      isOpening = false;
    }
    return result;
  };
  onTestFinished(() => { Reflect.deleteProperty(prototype, 'on'); });
  return received;
}

function open(received: unknown[]): void {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', (message: unknown) => { received.push(message); });
  port1.on('close', () => undefined);
  port1.unref();
  port2.postMessage('of the agent');
}
