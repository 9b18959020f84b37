import { createPool, type Pool, type PoolOptions, type RunOptions } from 'offloop';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { waitsAt } from '../fixtures/gates.js';
import { hostile, make } from '../fixtures/hostile.js';
import { expectCapacity, gate, observed, poolFor, runtimes } from '../pool/helpers.ts';

type Fault = Parameters<typeof hostile>[0];
type Kind = NonNullable<Fault['returns']>;

const error = (message: string, name = 'Error'): unknown => expect.objectContaining({ name, message });
const notCloneable = (message: RegExp): unknown => expect.objectContaining({ code: 'OFFLOOP_NOT_CLONEABLE', message: expect.stringMatching(message) });

/** The caller's outcome: a value, or the reason of the rejection. */
const returned: [Kind, { value: unknown } | { rejects: unknown }][] = [
  ['a getter', { value: { a: 1 } }],
  ['a getter that throws', { rejects: notCloneable(/^`result\.a` is /) }],
  ['a proxy', { rejects: notCloneable(/\(proxy\)/) }],
  ['a proxy that refuses everything', { rejects: error('from get', 'RangeError') }],
  ['a revoked proxy', { rejects: error("Cannot perform 'get' on a proxy that has been revoked", 'TypeError') }],
  ['a cycle', { value: make('a cycle') }],
  ['a text of 1 MB', { value: make('a text of 1 MB') }],
  ['a very deep object', { rejects: notCloneable(/^`result` is nested too deeply/) }],
  ['a detached buffer', { rejects: notCloneable(/detached/) }],
  ['an instance with a private field', { rejects: notCloneable(/an instance of Mine/) }],
  ['a false tag', { value: { a: 1 } }],
  ['a tag that throws', { value: { a: 1 } }],
  ['a thenable that throws', { rejects: error('from then', 'RangeError') }],
  ['a thenable that rejects with null', { rejects: null }],
  ['a thenable that resolves twice', { value: 'first' }],
  ['a `then` that cannot be read', { rejects: error('from then', 'RangeError') }],
  ['a thenable of a thenable', { value: 'inmost' }],
  ['an object with a false prototype', { rejects: notCloneable(/^`result` is /) }],
];

const thrown: [Kind, unknown][] = [
  ['a value', { a: 1 }],
  ['a getter that throws', expect.any(String)],
  ['a proxy that refuses everything', expect.any(String)],
  ['a revoked proxy', expect.any(String)],
  ['a detached buffer', expect.any(String)],
  ['an error with a message that throws', error('')],
  ['an error with a stack that throws', error('kept')],
  ['an error with a name that is an object', expect.objectContaining({ message: 'kept' })],
  ['an error that is its own cause', error('kept')],
  ['an error with a revoked proxy in it', error('kept')],
  ['a proxy of an error that refuses everything', expect.anything()],
];

/** Arguments that no worker ever gets. */
const passed: [Kind, unknown][] = [
  ['a getter that throws', notCloneable(/^`args\[0\]\.takes\.a` is /)],
  ['a proxy that refuses everything', notCloneable(/\(proxy\)/)],
  ['a revoked proxy', notCloneable(/\(proxy\)/)],
  ['a very deep object', notCloneable(/^`args` is nested too deeply/)],
  ['a detached buffer', notCloneable(/detached/)],
  ['an instance with a private field', notCloneable(/an instance of Mine/)],
];

const faults: [what: string, Fault, outcome: { value: unknown } | { rejects: unknown }][] = [
  ...returned.map(([returns, outcome]): [string, Fault, typeof outcome] => [`returns ${returns}`, { returns }, outcome]),
  ...passed.map(([takes, rejects]): [string, Fault, { rejects: unknown }] => [`is passed ${takes}`, { takes: make(takes) }, { rejects }]),
  ...thrown.map(([throws, rejects]): [string, Fault, { rejects: unknown }] => [`throws ${throws}`, { throws }, { rejects }]),
];

const ways: PoolOptions[] = [...runtimes.map((runtime) => ({ runtime })), { runtime: 'threads', coalesce: false }];

describe.each(ways)('a task that, with %o,', (options: PoolOptions) => {
  // One pool for all faults: it is whole after each fault.
  let pool: Pool;

  beforeAll(() => { pool = createPool({ maxThreads: 1, ...options }); });
  afterAll(() => pool.close());

  it.each(faults)('%s', async (_what, fault, outcome) => {
    const { siblings, culprit } = await amongSiblings(pool, fault);
    expect(await culprit).toEqual(outcome);
    expect(await siblings).toEqual(Array.from({ length: 20 }, () => ({ a: 1 })));
    await expectCapacity(pool, 1);
    expect(pool.stats().workers).toMatchObject({ started: 1, crashed: 0, replaced: 0 });
  });

  it('returns keys that name prototype properties', async () => {
    const kind = 'a key named __proto__';
    const { siblings, culprit } = await amongSiblings(pool, { returns: kind });
    expect(JSON.stringify(await culprit)).toBe(JSON.stringify({ value: make(kind) }));
    expect(JSON.stringify(await pool.run(hostile, [{ returns: 'a value', takes: make(kind) }]))).toBe('{"a":1}');
    await siblings;
    expect([({} as { polluted?: unknown }).polluted, await pool.run(hostile, [{ returns: 'a value' }])]).toEqual([undefined, { a: 1 }]);
  });

  it('returns a thenable that never settles', async () => {
    const impatient = poolFor({ maxThreads: 1, abortGrace: 20, ...options });
    const { siblings, culprit } = await amongSiblings(impatient, { returns: 'a thenable that never settles' }, { timeout: 50 });
    expect(await culprit).toEqual({ rejects: expect.objectContaining({ code: 'OFFLOOP_TIMEOUT' }) as unknown });
    expect(await siblings).toEqual(Array.from({ length: 20 }, () => ({ a: 1 })));
    await expectCapacity(impatient, 1);
  });
});

/** Calls the task among other calls, which share a message with it where messages are shared. */
async function amongSiblings(pool: Pool, fault: Fault, run: RunOptions = {}) {
  for (let i = 0; i < 20; i++) await pool.run(hostile, [{ returns: 'a value' }]);
  const { path, open } = gate();
  const observer = observed();
  const holding = pool.run(waitsAt, [path, undefined], observer.options);
  await observer.started;
  const siblings = (): Promise<unknown>[] => Array.from({ length: 10 }, () => pool.run(hostile, [{ returns: 'a value' }]));
  const before = siblings();
  const culprit = pool.run(hostile, [fault], run).then((value: unknown) => ({ value }), (rejects: unknown) => ({ rejects }));
  const all = Promise.all([...before, ...siblings()]);
  // If the test fails, nobody awaits these calls.
  all.catch(() => {});
  open();
  await holding;
  return { siblings: all, culprit };
}
