import { context, createTraceState, propagation, ROOT_CONTEXT, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { capture, createPool, restore } from 'offloop';
import { carryTrace, currentTrace } from 'offloop/otel';
import { expectNoContextLeak, roundTrip } from 'offloop/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { showStores } from '../../src/context/shown-stores.ts';
import { activeTrace, passesOn, seesTrace, seesTraceLater } from '../fixtures/otel/tasks.js';
import { poolFor, rejection, runNode, runtimes, script } from '../pool/helpers.ts';

const sdk = new URL('../fixtures/otel/sdk.js', import.meta.url);
const tracestate = 'vendor=a1,other=b2';
const nothing = { active: undefined, tracestate: undefined, baggage: undefined, current: undefined };
const carried = carryTrace({ baggage: ['tenant', '__proto__'] });

beforeAll(() => {
  new NodeTracerProvider().register();
});

/** A context with the trace of a request's headers; each request has ids of its own. */
function requestContext(n: number, traceFlags = TraceFlags.SAMPLED): Context {
  const [traceId, spanId] = [n.toString(16).padStart(32, 'a'), n.toString(16).padStart(16, 'b')];
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, traceState: createTraceState(tracestate) });
}

function idsOf(ctx: Context) {
  const { traceId, spanId, traceFlags } = trace.getSpanContext(ctx)!;
  return { traceId, spanId, traceFlags };
}

function arrived(ctx: Context) {
  return { ...nothing, active: { ...idsOf(ctx), isRemote: true }, tracestate, current: idsOf(ctx) };
}

describe.each(runtimes)('a task on %s', (runtime) => {
  const pool = createPool({ runtime, maxThreads: 1, preload: [sdk] });
  afterAll(() => pool.close());

  it('finds its caller’s trace, and no trace where its caller has none, on the same worker', async () => {
    const contexts = Array.from({ length: 40 }, (_, n) => (n % 3 === 2 ? undefined : requestContext(n + 1, n % 2 === 0 ? TraceFlags.NONE : TraceFlags.SAMPLED)));
    const seen = await Promise.all(contexts.map((ctx, n) => context.with(ctx ?? ROOT_CONTEXT, () => pool.run(n % 2 === 0 ? seesTrace : seesTraceLater, []))));
    expect(seen).toEqual(contexts.map((ctx) => (ctx === undefined ? nothing : arrived(ctx))));
    await expectNoContextLeak(pool);
    expect(context.active()).toBe(ROOT_CONTEXT);
  });

  it('finds no trace and no baggage where its caller suppresses tracing', async () => {
    const ctx = propagation.setBaggage(requestContext(1), propagation.createBaggage({ tenant: { value: 'a' } }));
    expect(await context.with(suppressTracing(ctx), () => pool.run(seesTrace, []))).toEqual(nothing);
    expect(context.with(suppressTracing(ctx), () => capture().stores)).toEqual({});
  });

  it('passes the trace on in a carrier of its own', async () => {
    expect(await context.with(requestContext(1), () => pool.run(passesOn, []))).toEqual(arrived(requestContext(1)));
  });

  it('gets the allowed part of the baggage, with its metadata', async () => {
    const baggage = propagation.createBaggage({
      tenant: { value: 'a,b;ü', metadata: { toString: () => 'private=1' } as never },
      secret: { value: 'stays here' },
    }).setEntry('__proto__', { value: 'a key like any other' });
    const ctx = propagation.setBaggage(requestContext(1), baggage);
    const entries = [['tenant', 'a,b;ü', 'private=1'], ['__proto__', 'a key like any other', undefined]];
    expect((await context.with(ctx, () => pool.run(seesTrace, []))).baggage).toEqual(entries);
    // No span is active.
    const alone = propagation.setBaggage(ROOT_CONTEXT, baggage);
    expect(await context.with(alone, () => pool.run(seesTrace, []))).toEqual({ ...nothing, baggage: entries });
    expect(JSON.stringify(context.with(ctx, () => capture()))).not.toContain('stays here');
  });
});

describe('where the worker has no SDK', () => {
  it.each(runtimes)('%s have the ids all the same, and say so once', async (runtime) => {
    const { code, stdout, stderr } = await runNode([script('carries-trace-bare.js'), runtime]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '6 traces, 1 without\n' });
    expect(stderr.match(/OFFLOOP_NO_OTEL_CONTEXT/g)).toHaveLength(1);
  });
});

describe('a carrier', () => {
  it('brings the trace to the function of restore()', () => {
    const carrier = context.with(requestContext(7), () => capture({ only: [carried] }));
    expect(JSON.parse(carrier.stores['offloop.trace']!)).toEqual({ traceparent: `00-${'7'.padStart(32, 'a')}-${'7'.padStart(16, 'b')}-01`, tracestate });
    const other = requestContext(8);
    context.with(other, () => {
      expect(restore(JSON.parse(JSON.stringify(carrier)), activeTrace)).toEqual(arrived(requestContext(7)));
      expect(restore(undefined, activeTrace)).toEqual(nothing);
      expect(currentTrace()).toEqual(idsOf(other));
    });
  });

  it('has no trace where no trace is active, or where the active trace is not valid', () => {
    const invalid = trace.setSpanContext(ROOT_CONTEXT, { traceId: '0'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 });
    expect([ROOT_CONTEXT, invalid].map((ctx) => context.with(ctx, () => capture().stores))).toEqual([{}, {}]);
  });

  it('goes through roundTrip()', () => {
    const ctx = requestContext(9);
    expect(trace.getSpanContext(roundTrip(carried, ctx)!)).toMatchObject(idsOf(ctx));
  });

  const ids = `${'a'.repeat(32)}-${'b'.repeat(16)}`;

  function restored(wire: unknown) {
    return restore({ version: 1, stores: { 'offloop.trace': JSON.stringify(wire) } }, activeTrace);
  }

  it.each([
    ['nothing in it', null],
    ['a number in it', 7],
    ['capital letters', { traceparent: `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01` }],
    ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` }],
    ['a span of zeros', { traceparent: `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01` }],
    ['version ff', { traceparent: `ff-${ids}-01` }],
    ['more than the first version has', { traceparent: `00-${ids}-01-what` }],
    ['less than a version has', { traceparent: `cc-${ids}` }],
    ['a later version that goes on without a dash', { traceparent: `cc-${ids}-01what` }],
    ['a traceparent that is no text, with a tracestate', { traceparent: {}, tracestate }],
    ['a tracestate alone', { tracestate }],
    ['baggage that is no list', { baggage: { tenant: 'a' } }],
    ['baggage of other members', { baggage: [['tenant', 1], 'tenant', null] }],
    ['a task that is no text', { run: {} }],
  ])('with %s brings no trace, and throws nothing', (_what, wire) => {
    expect(restored(wire)).toEqual(nothing);
  });

  it('brings the parts of the first version from a later version', () => {
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    for (const traceparent of [`cc-${ids}-03`, `01-${ids}-ff-what-ever`]) expect(restored({ traceparent })).toMatchObject({ active: trace });
  });

  it.each([['no text', {}], ['no list', 'what'], ['a member that is none', 'a=1,=2'], ['a key twice', 'a=1,a=2'], ['too many', Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(',')]])(
    'brings its trace without a tracestate that is %s',
    (_what, state) => {
      expect(restored({ traceparent: `00-${ids}-01`, tracestate: state })).toMatchObject({ active: { spanId: 'b'.repeat(16) }, tracestate: undefined });
    },
  );

  it('brings the members of the baggage that can be read', () => {
    expect(restored({ baggage: [['tenant', 1], ['tenant', 'a']] }).baggage).toEqual([['tenant', 'a', undefined]]);
  });

  it('brings no baggage that is not allowed on this side', () => {
    const forged = { version: 1, stores: { 'offloop.trace': '{"baggage":[["secret","from elsewhere"],["tenant","a"]]}' } } as const;
    expect(restore(forged, activeTrace).baggage).toEqual([['tenant', 'a', undefined]]);
  });

  it('is refused on both sides when it is too large, before it is read', async () => {
    const large = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ tenant: { value: 'x'.repeat(9000) } }));
    expect(() => context.with(large, () => capture())).toThrow(expect.objectContaining({ code: 'OFFLOOP_CONTEXT_TOO_LARGE' }));
    const pool = poolFor({ runtime: 'inline' });
    expect(await rejection(context.with(large, () => pool.run(seesTrace, [])))).toMatchObject({ code: 'OFFLOOP_CONTEXT_TOO_LARGE' });
    const forged = { version: 1, stores: { 'offloop.trace': `{"baggage":[["tenant","${'x'.repeat(9000)}` } } as const;
    expect(() => restore(forged, activeTrace)).toThrow(expect.objectContaining({ code: 'OFFLOOP_CONTEXT_TOO_LARGE' }));
  });
});

it('a stall’s report shows the trace without the use of a regular expression, since V8 cannot run one inside another', () => {
  const { exec } = RegExp.prototype;
  onTestFinished(() => { RegExp.prototype.exec = exec; });
  const shown = context.with(requestContext(3), () => {
    RegExp.prototype.exec = () => { throw new Error('a regular expression'); };
    return showStores();
  });
  RegExp.prototype.exec = exec;
  expect(shown).toEqual({ 'offloop.trace': { traceparent: `00-${'3'.padStart(32, 'a')}-${'3'.padStart(16, 'b')}-01`, tracestate } });
});

it('the workers apply the limits of carryTrace()', async () => {
  const { code, stdout, stderr } = await runNode([script('carries-large-baggage.js')]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '20000 characters\n', stderr: '' });
});

it.each([[{ baggage: 'tenant' }, '`baggage`'], [{ maxBytes: 0 }, '`maxBytes`'], [{ bagage: [] }, '`bagage`']])('carryTrace(%o) is refused', (options, named) => {
  expect(() => carryTrace(options as never)).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION', message: expect.stringContaining(named) as string }));
});
