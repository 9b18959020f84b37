import { fileURLToPath } from 'node:url';

import { capture, restore, withDeadline } from 'offloop';
import { Piscina } from 'piscina';
import { Tinypool } from 'tinypool';
import { describe, expect, it } from 'vitest';

import { addJob, processJob } from '../../examples/own-pool/bullmq.js';
import { call } from '../../examples/own-pool/call.js';
import { requestStore } from '../../examples/own-pool/context.js';
import { eachMessage, sendMessage } from '../../examples/own-pool/kafka.js';
import { add } from '../fixtures/places.js';
import { runNode } from '../pool/helpers.ts';

const example = (name: string): string => fileURLToPath(new URL(`../../examples/own-pool/${name}`, import.meta.url));

interface Answer { order: string; isMainThread: boolean; request: unknown }

describe.each([['piscina', Piscina], ['tinypool', Tinypool]])('with %s', (_name, Pool) => {
  it('each call has its request in the worker, and a call without a request has none', async () => {
    const pool = new Pool({ filename: example('worker.js'), maxThreads: 2, concurrentTasksPerWorker: 4 });
    const calls = Array.from({ length: 40 }, (_, i): [string, object | undefined] => (
      [`PO-${String(i)}`, i % 4 === 3 ? undefined : { requestId: `r-${String(i)}`, user: `user-${String(i % 5)}` }]
    ));
    const answers = await Promise.all(calls.map(([order, request]) => (
      request === undefined ? call(pool, order) : requestStore.run({ ...request, socket: process.stdout } as never, () => call(pool, order))
    )));
    expect(answers).toEqual(calls.map(([order, request]): Answer => ({ order, isMainThread: false, request })));
    await pool.destroy();
  });
});

it('the example prints the request of each order', async () => {
  const line = (pool: string, n: number): string => `${pool} {"order":"PO-${String(n)}","isMainThread":false,"request":{"requestId":"r-${String(n)}","user":"ada"}}`;
  expect(await runNode([example('run.js')])).toEqual({
    code: 0,
    stdout: [line('Piscina', 1), line('Piscina', 2), line('Tinypool', 1), line('Tinypool', 2), ''].join('\n'),
    stderr: '',
  });
});

describe('a queue', () => {
  const request = { requestId: 'r-1', user: 'Åsa 東京' };

  /** Keeps the data of a job as JSON, like BullMQ. */
  function memoryQueue() {
    const jobs: { data: any }[] = [];
    return { jobs, add: (_name: string, data: unknown) => { jobs.push({ data: JSON.parse(JSON.stringify(data)) }); } };
  }

  it('like BullMQ brings the request in the data of a job', async () => {
    const queue = memoryQueue();
    requestStore.run({ ...request, socket: process.stdout }, () => addJob(queue, 'PO-1'));
    addJob(queue, 'PO-2');
    expect(await Promise.all(queue.jobs.map(processJob))).toEqual([
      { order: 'PO-1', isMainThread: true, request },
      { order: 'PO-2', isMainThread: true, request: undefined },
    ]);
  });

  it('like Kafka brings the request in a header, as bytes', async () => {
    const received: any[] = [];
    const bytes = (text: string): Buffer => Buffer.from(text);
    const send = ({ messages }: any) => {
      for (const { value, headers } of messages) received.push({ message: { value: bytes(value), headers: { offloop: bytes(headers.offloop) } } });
    };
    requestStore.run(request, () => sendMessage({ send }, 'PO-1'));
    received.push({ message: { value: bytes('PO-2') } }, { message: { value: bytes('PO-3'), headers: {} } });
    expect(await requestStore.run({ requestId: 'the consumer’s own', user: '' }, () => Promise.all(received.map(eachMessage)))).toEqual([
      { order: 'PO-1', isMainThread: true, request },
      { order: 'PO-2', isMainThread: true, request: undefined },
      { order: 'PO-3', isMainThread: true, request: undefined },
    ]);
  });

  it('with ASCII headers takes a carrier in base64url', () => {
    const carrier = requestStore.run(request, () => capture());
    const header = Buffer.from(JSON.stringify(carrier)).toString('base64url');
    expect(header).toMatch(/^[\w-]+$/);
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual(carrier);
  });

  it('whose jobs may wait longer than the request leaves the deadline out', async () => {
    const carrier = await withDeadline(60_000, async () => requestStore.run(request, () => capture()));
    const late = { ...carrier, deadline: Date.now() - 1 };
    await expect(restore(late, () => add(1, 2))).rejects.toMatchObject({ code: 'OFFLOOP_DEADLINE' });
    const { deadline, ...lasting } = late;
    expect(deadline).toBeLessThan(carrier.deadline!);
    expect(await restore(lasting, () => add(1, 2))).toBe(3);
  });
});
