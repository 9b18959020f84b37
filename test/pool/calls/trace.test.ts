import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { TaskTrace } from '../../../src/pool/calls/trace.ts';
import { callsInner } from '../../fixtures/context/calls-inside.js';
import { readStores } from '../../fixtures/context/reads-stores.js';
import { requestStore } from '../../fixtures/context/request-store.js';
import { add, place } from '../../fixtures/places.js';
import { describesItself } from '../../fixtures/reports.js';
import { throwsDeep } from '../../fixtures/throws-deep.js';
import { poolFor, rejection, runNode, runtimes, script } from '../helpers.ts';

const channel = tracingChannel<unknown, TaskTrace>('offloop:task');
const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
type Event = (typeof events)[number];

interface Published {
  readonly event: Event;
  readonly message: TaskTrace;
  /** The content of the message at that moment. */
  readonly copy: TaskTrace;
}

/** Collects the events from now to the end of the test. */
function listen(only: readonly Event[] = events, look: (event: Event) => void = () => undefined): Published[] {
  const published: Published[] = [];
  for (const event of only) {
    const listener = (message: unknown): void => {
      look(event);
      published.push({ event, message: message as TaskTrace, copy: { ...(message as TaskTrace) } });
    };
    subscribe(`tracing:offloop:task:${event}`, listener);
    onTestFinished(() => { unsubscribe(`tracing:offloop:task:${event}`, listener); });
  }
  return published;
}

const namesOf = (published: readonly Published[]): Event[] => published.map(({ event }) => event);

describe.each(runtimes)('a traced call to %s', (runtime) => {
  it('publishes start, end, asyncStart and asyncEnd with one message, which has the result and no argument', async () => {
    const pool = poolFor({ runtime, name: 'traced' });
    const published = listen();
    expect(await pool.run(add, [1, 2])).toBe(3);
    expect(namesOf(published)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    const call = { id: '1', name: 'add', module: add.module, pool: 'traced' };
    expect(published.map(({ copy }) => copy)).toEqual([call, call, { ...call, result: 3 }, { ...call, result: 3 }]);
    expect(new Set(published.map(({ message }) => message)).size).toBe(1);
  });

  it('that fails publishes error, too, with the error that the caller gets', async () => {
    const pool = poolFor({ runtime });
    const published = listen();
    const error = await rejection(pool.run(throwsDeep, []));
    expect(error).toBeInstanceOf(SyntaxError);
    expect(namesOf(published)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect(published.map(({ copy }) => copy.error)).toEqual([undefined, undefined, error, error, error]);
    expect(published.at(-1)?.message.error).toBe(error);
  });

  it('fails with the same stack as an untraced call', async () => {
    const pool = poolFor({ runtime });
    const stackOf = async (): Promise<string> => {
      try {
        await pool.run(throwsDeep, []);
        return '';
      } catch (error) {
        return (error as Error).stack ?? '';
      }
    };
    const stacks: string[] = [];
    for (const isTraced of [false, true]) {
      if (isTraced) listen();
      stacks.push(await stackOf());
    }
    expect(stacks[0]).toMatch(/at task 'throwsDeep' \(offloop worker\)\n {4}at (async )?stackOf/);
    expect(stacks[1]).toBe(stacks[0]);
  });

  it('has the id that the task itself sees', async () => {
    const pool = poolFor({ runtime });
    const published = listen(['asyncEnd']);
    const ids = [(await pool.run(describesItself, [])).id, (await pool.run(describesItself, [])).id];
    expect(published.map(({ message }) => message.id)).toEqual(ids);
  });

  it('is published for each item of a map and for each call into a plain module', async () => {
    const pool = poolFor({ runtime });
    const published = listen(['asyncEnd']);
    expect(await pool.map(describesItself, [1, 2]).toArray()).toHaveLength(2);
    const module = new URL('../../fixtures/plain.js', import.meta.url);
    expect(await pool.tasks<typeof import('../../fixtures/plain.js')>(module).double(2)).toBe(4);
    expect(published.map(({ message: { name, module: url } }) => [name, url])).toEqual([
      ['describesItself', describesItself.module],
      ['describesItself', describesItself.module],
      ['double', module.href],
    ]);
  });

  it('is not published for a task that the task itself calls', async () => {
    const pool = poolFor({ runtime });
    const published = listen(['start']);
    await pool.run(callsInner, []);
    expect(published.map(({ message }) => message.name)).toEqual(['callsInner']);
  });

  it('runs its subscribers in the context of its caller, and leaves that context unchanged', async () => {
    const pool = poolFor({ runtime });
    const own = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const published = listen(events, () => seen.push(own.getStore()));
    await own.run('the caller’s', async () => {
      await rejection(pool.run(throwsDeep, []));
      expect(own.getStore()).toBe('the caller’s');
    });
    expect(seen).toEqual(published.map(() => 'the caller’s'));
    expect(seen).toHaveLength(5);
  });

  it('carries a store that a tracer binds to start', async () => {
    const pool = poolFor({ runtime, name: 'bound' });
    channel.start.bindStore(requestStore, ({ name }) => `span of ${name}`);
    onTestFinished(() => { channel.start.unbindStore(requestStore); });
    const seen = await requestStore.run('the caller’s', async () => {
      const inTask = await pool.run(readStores, []);
      return [inTask.request, requestStore.getStore()];
    });
    expect(seen).toEqual(['span of readStores', 'the caller’s']);
  });
});

describe('a call that is refused', () => {
  const refusals = ['OFFLOOP_NOT_CLONEABLE', 'OFFLOOP_OPTION', 'OFFLOOP_POOL_CLOSED'];

  it('is traced like a call that fails', async () => {
    const pool = poolFor({ runtime: 'inline' });
    const published = listen();
    await rejection(pool.run(add, [1, () => 1] as never));
    await rejection(pool.run(add, [1, 2], { timeout: -1 }));
    await pool.close();
    await rejection(pool.run(add, [1, 2]));
    expect(namesOf(published)).toEqual(refusals.flatMap(() => ['start', 'end', 'error', 'asyncStart', 'asyncEnd']));
    const codes = published.filter(({ event }) => event === 'error').map(({ message }) => (message.error as { code: string }).code);
    expect(codes).toEqual(refusals);
  });
});

describe('a subscriber', () => {
  it.each(events)('to %s alone gets its events', async (event) => {
    const pool = poolFor({ runtime: 'inline' });
    const published = listen([event]);
    await rejection(pool.run(throwsDeep, []));
    expect(namesOf(published)).toEqual([event]);
  });

  it('that subscribes after the call gets no event of the call', async () => {
    const pool = poolFor({ runtime: 'inline' });
    const call = pool.run(add, [1, 2]);
    const published = listen();
    expect(await call).toBe(3);
    expect(published).toEqual([]);
  });

  it('gets the events of the default pool', async () => {
    const published = listen(['asyncEnd']);
    const { threadId } = await place();
    expect(published.map(({ copy }) => copy)).toMatchObject([{ name: 'place', pool: 'default', result: { threadId } }]);
  });

  it('makes no rejection unhandled, and hides no unhandled rejection', async () => {
    expect(await runNode([script('leaves-rejections.js')])).toEqual({ code: 0, stdout: '{ error: 2, unhandled: 1 }\n', stderr: '' });
  });
});
