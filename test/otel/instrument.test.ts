import { context, ROOT_CONTEXT, SpanStatusCode, trace, type Context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { capture, type Pool, type PoolOptions } from 'offloop';
import { carryTrace, instrument } from 'offloop/otel';
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { isCpuKnown } from '../fixtures/cpu/is-known.js';
import { blocks, burns } from '../fixtures/cpu/burns.js';
import { add } from '../fixtures/places.js';
import { makesSpans, neverEnds, nestsSpans, throwsInSpan } from '../fixtures/otel/tasks.js';
import { observed, poolFor, rejection, workers } from '../pool/helpers.ts';
import { spansFolder, type SpanLine } from './spans.ts';

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
});

afterEach(() => {
  exporter.reset();
});

/** The spans of this process. */
function ownSpans(): SpanLine[] {
  return exporter.getFinishedSpans().map((span) => {
    const { traceId, spanId } = span.spanContext();
    return { name: span.name, traceId, spanId, parentId: span.parentSpanContext?.spanId, attributes: span.attributes, status: span.status };
  });
}

/** One line for each span, beneath its parent. */
function treeOf(spans: readonly SpanLine[], parentId?: string, indent = ''): string[] {
  const children = spans.filter((span) => span.parentId === parentId).toSorted((one, other) => other.name.localeCompare(one.name));
  return children.flatMap((span) => [indent + span.name, ...treeOf(spans, span.spanId, `${indent}  `)]);
}

function instrumented(pool: Pool | 'all', ...options: Parameters<typeof instrument> extends [unknown, ...infer Rest] ? Rest : never): () => void {
  const uninstrument = instrument(pool, ...options);
  onTestFinished(uninstrument);
  return uninstrument;
}

async function asRequest<R>(fn: () => Promise<R>): Promise<R> {
  return trace.getTracer('test').startActiveSpan('GET /', async (span) => {
    try {
      return await fn();
    } finally {
      span.end();
    }
  });
}

describe.each(workers)('an instrumented pool of %s', (runtime) => {
  function poolWithSdk(options: PoolOptions = {}) {
    const folder = spansFolder();
    return { folder, pool: poolFor({ runtime, maxThreads: 1, name: 'images', env: { SPANS_FOLDER: folder.path }, preload: [folder.sdk], ...options }) };
  }

  it('makes one trace of the request, the queue, and the work with its own spans', async () => {
    const { pool, folder } = poolWithSdk();
    instrumented(pool);
    await asRequest(() => pool.run(nestsSpans, []));
    await pool.close();
    const spans = [...ownSpans(), ...folder.spans()];
    expect(treeOf(spans)).toEqual(['GET /', '  offload nestsSpans', '    wait nestsSpans', '    run nestsSpans', '      outer', '        inner']);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const [offload, run] = ['offload nestsSpans', 'run nestsSpans'].map((name) => spans.find((span) => span.name === name)?.attributes);
    const { 'offloop.task.cpu_time': cpuTime, ...others } = offload!;
    expect(others).toEqual({ 'offloop.task.name': 'nestsSpans', 'offloop.task.id': '1', 'offloop.pool.name': 'images', 'code.function.name': 'nestsSpans' });
    if (isCpuKnown) expect(cpuTime).toBeGreaterThan(0);
    expect(run).toMatchObject({ 'offloop.task.name': 'nestsSpans', 'offloop.task.id': '1' });
    expect(run?.['thread.id']).toEqual(runtime === 'threads' ? expect.not.closeTo(0) : 0);
  });

  it('makes no span where its caller suppresses tracing, with or without a trace of its own', async () => {
    const { pool, folder } = poolWithSdk();
    instrumented(pool);
    await context.with(suppressTracing(ROOT_CONTEXT), () => pool.run(add, [1, 2]));
    await asRequest(() => context.with(suppressTracing(context.active()), () => pool.run(add, [1, 2])));
    await pool.close();
    expect([...ownSpans(), ...folder.spans()].map(({ name }) => name)).toEqual(['GET /']);
  });

  it('marks failed spans, on both sides', async () => {
    const { pool, folder } = poolWithSdk();
    instrumented(pool);
    await rejection(asRequest(() => pool.run(throwsInSpan, [])));
    await pool.close();
    const [offload, run] = [ownSpans().find(({ name }) => name === 'offload throwsInSpan'), folder.spans().find(({ name }) => name === 'run throwsInSpan')];
    for (const span of [offload, run]) {
      expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'out of range' });
      expect(span?.attributes['error.type']).toBe('RangeError');
    }
    expect(exporter.getFinishedSpans().find(({ name }) => name === 'offload throwsInSpan')?.events).toMatchObject([{ name: 'exception', attributes: { 'exception.type': 'RangeError' } }]);
  });
});

it('loses nothing of 10,000 spans when workers are replaced and the pool closes', async () => {
  const folder = spansFolder();
  const pool = poolFor({ maxThreads: 2, maxTasksPerWorker: 20, env: { SPANS_FOLDER: folder.path }, preload: [folder.sdk], endGrace: 60_000 });
  instrumented(pool);
  const [tasks, each] = [100, 100];
  await asRequest(async () => {
    await pool.map(makesSpans, Array<number>(tasks).fill(each)).toArray();
  });
  expect(pool.stats().workers.replaced).toBeGreaterThanOrEqual(3);
  await pool.close();
  const spans = folder.spans();
  const count = (wanted: string): number => spans.filter(({ name }) => name === wanted).length;
  expect({ child: count('child'), run: count('run makesSpans'), all: spans.length }).toEqual({ child: tasks * each, run: tasks, all: tasks * (each + 1) });
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(tasks * (each + 1));
  const runs = new Set(spans.filter(({ name }) => name === 'run makesSpans').map(({ spanId }) => spanId));
  expect(spans.filter(({ name, parentId }) => name === 'child' && !runs.has(parentId ?? ''))).toEqual([]);
  const offloads = new Set(ownSpans().filter(({ name }) => name === 'offload makesSpans').map(({ spanId }) => spanId));
  expect(spans.filter(({ name, parentId }) => name === 'run makesSpans' && offloads.has(parentId ?? ''))).toHaveLength(tasks);
});

it('loses no span of processes either', async () => {
  const folder = spansFolder();
  const pool = poolFor({ runtime: 'processes', maxThreads: 1, maxTasksPerWorker: 2, env: { SPANS_FOLDER: folder.path }, preload: [folder.sdk], endGrace: 60_000 });
  carryTrace();
  await asRequest(async () => {
    for (let n = 0; n < 3; n++) await pool.run(makesSpans, [100]);
  });
  await pool.close();
  expect(folder.spans()).toHaveLength(300);
});

describe('a call', () => {
  it('that runs inline has all its spans in this process', async () => {
    const pool = poolFor({ runtime: 'inline' });
    instrumented(pool);
    await asRequest(() => pool.run(nestsSpans, []));
    expect(treeOf(ownSpans())).toEqual(['GET /', '  offload nestsSpans', '    wait nestsSpans', '    run nestsSpans', '      outer', '        inner']);
  });

  it('has its wait and its failure recorded when its worker has no SDK, or is stopped', async () => {
    const pool = poolFor({ maxThreads: 1, abortGrace: 1 });
    instrumented(pool);
    expect(await rejection(pool.run(neverEnds, [], { timeout: 1 }))).toMatchObject({ code: 'OFFLOOP_TIMEOUT' });
    expect(treeOf(ownSpans())).toEqual(['offload neverEnds', '  wait neverEnds']);
    expect(ownSpans().at(-1)).toMatchObject({ name: 'offload neverEnds', attributes: { 'error.type': 'OFFLOOP_TIMEOUT' }, status: { code: SpanStatusCode.ERROR } });
  });

  it('that was never started has its whole time recorded as waiting, and a refused call has no waiting time', async () => {
    const pool = poolFor({ maxThreads: 1, abortGrace: 1 });
    const [aborter, running] = [new AbortController(), new AbortController()];
    const { options, started } = observed({ signal: running.signal });
    const first = rejection(pool.run(neverEnds, [], options));
    await started;
    instrumented(pool);
    const waiting = rejection(pool.run(add, [1, 2], { signal: aborter.signal }));
    aborter.abort();
    await waiting;
    await rejection(pool.run(add, [1, 2], { timeout: -1 }));
    running.abort();
    await first;
    expect(treeOf(ownSpans())).toEqual(['offload add', '  wait add', 'offload add']);
    expect(ownSpans().filter(({ name }) => name === 'offload add').map(({ attributes }) => attributes['error.type'])).toEqual(['AbortError', 'OFFLOOP_OPTION']);
    const [wait, offload] = exporter.getFinishedSpans();
    expect([wait?.name, offload?.name]).toEqual(['wait add', 'offload add']);
    const seconds = (span: typeof wait): number => span!.duration[0] + span!.duration[1] / 1e9;
    expect(seconds(wait)).toBeLessThanOrEqual(seconds(offload) + 0.01);
  });

  it('leaves its caller’s context as it was', async () => {
    const pool = poolFor({ runtime: 'inline' });
    instrumented(pool);
    const ctx: Context = trace.setSpanContext(ROOT_CONTEXT, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 });
    await context.with(ctx, async () => {
      const before = capture();
      const call = pool.run(add, [1, 2]);
      expect([capture(), context.active()]).toEqual([before, ctx]);
      await call;
      expect([capture(), context.active()]).toEqual([before, ctx]);
      expect(JSON.parse(before.stores['offloop.trace']!)).toEqual({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    });
  });

  it('on another pool has no span, nor has a call after instrument() was undone', async () => {
    const [pool, other] = [poolFor({ runtime: 'inline' }), poolFor({ runtime: 'inline' })];
    const uninstrument = instrumented(pool);
    await other.run(add, [1, 2]);
    const underWay = pool.run(add, [1, 2]);
    uninstrument();
    await pool.run(add, [1, 2]);
    await underWay;
    expect(treeOf(ownSpans())).toEqual(['offload add', '  wait add', '  run add']);
  });

  it('on the default pool has a span where all pools are instrumented', async () => {
    instrumented('all');
    await add(1, 2);
    expect(treeOf(ownSpans())).toEqual(['offload add', '  wait add']);
  });
});

it('instrument() takes a pool, and takes each pool only once', () => {
  const pool = poolFor({ runtime: 'inline' });
  expect(() => instrument({} as never)).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  expect(() => instrument(pool, { tracer: 1 } as never)).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  const uninstrument = instrumented(pool);
  for (const again of [pool, 'all'] as const) expect(() => instrument(again)).toThrow(expect.objectContaining({ message: expect.stringContaining('twice') as string }));
  uninstrument();
  const undoAll = instrumented('all');
  expect(() => instrument(pool)).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION' }));
  undoAll();
});

describe('the metrics', () => {
  function meter() {
    const exported = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: exported, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    onTestFinished(() => meterProvider.shutdown());
    return {
      meterProvider,
      async collect(): Promise<Record<string, { unit: string; points: { attributes: object; value: unknown }[] }>> {
        exported.reset();
        await reader.forceFlush();
        const all = exported.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
        return Object.fromEntries(all.map(({ descriptor, dataPoints }) => [descriptor.name, { unit: descriptor.unit, points: dataPoints.map(({ attributes, value }) => ({ attributes, value })) }]));
      },
    };
  }

  it('count waiting and running in seconds, and show the pool’s state', async () => {
    const { meterProvider, collect } = meter();
    const pool = poolFor({ runtime: 'inline', name: 'sums', maxThreads: 2, maxQueue: 50 });
    const uninstrument = instrumented(pool, { meterProvider });
    for (let n = 0; n < 3; n++) await pool.run(add, [n, 1]);
    await rejection(pool.run(throwsInSpan, []));
    await rejection(pool.run(add, [1, 2], { timeout: -1 }));
    const metrics = await collect();
    const ofPool = { 'offloop.pool.name': 'sums' };
    const ofAdd = { ...ofPool, 'offloop.task.name': 'add' };
    const ofThrows = { ...ofPool, 'offloop.task.name': 'throwsInSpan' };
    for (const name of ['wait_time', 'duration']) {
      expect(metrics[`offloop.task.${name}`]).toMatchObject({
        unit: 's',
        points: [
          { attributes: ofAdd, value: { count: 3 } },
          { attributes: name === 'duration' ? { ...ofThrows, 'error.type': 'RangeError' } : ofThrows, value: { count: 1 } },
        ],
      });
    }
    expect(metrics['offloop.call.duration']?.points).toMatchObject([
      { attributes: ofAdd, value: { count: 3 } },
      { attributes: { ...ofThrows, 'error.type': 'RangeError' }, value: { count: 1 } },
      { attributes: { ...ofAdd, 'error.type': 'OFFLOOP_OPTION' }, value: { count: 1 } },
    ]);
    const [duration] = metrics['offloop.task.duration']!.points.slice(1);
    // The task slept for a millisecond; a value in milliseconds would be 1 or more.
    expect((duration!.value as { max: number }).max).toBeLessThan(1);
    const gauges = { 'queue.size': 0, 'queue.max': 50, 'worker.max': 2, 'worker.started': 1, 'worker.crashed': 0, 'worker.replaced': 0 };
    for (const [name, value] of Object.entries(gauges)) expect(metrics[`offloop.${name}`]?.points).toEqual([{ attributes: ofPool, value }]);
    expect(metrics['offloop.worker.count']?.points).toEqual([
      { attributes: { ...ofPool, 'offloop.worker.state': 'busy' }, value: 0 },
      { attributes: { ...ofPool, 'offloop.worker.state': 'idle' }, value: 1 },
    ]);
    uninstrument();
    await pool.run(add, [1, 2]);
    await pool.close();
    const after = await collect();
    expect(after['offloop.task.duration']?.points[0]?.value).toMatchObject({ count: 3 });
    expect(after['offloop.worker.count']?.points).toEqual(metrics['offloop.worker.count']?.points);
  });

  it.runIf(isCpuKnown)('have the CPU time of each call, also of calls that share a message', async () => {
    const { meterProvider, collect } = meter();
    const pool = poolFor({ maxThreads: 1 });
    for (let i = 0; i < 10; i++) for (const task of [burns, blocks]) await pool.run(task, [1]);
    const { messages } = pool.stats().workers;
    instrumented(pool, { meterProvider });
    await Promise.all(Array.from({ length: 8 }, () => [pool.run(burns, [3]), pool.run(blocks, [3])]).flat());
    expect(pool.stats().workers.messages - messages).toBeLessThan(16);
    await pool.run(burns, [30]);
    const { unit, points } = (await collect())['offloop.task.cpu_time']!;
    expect(unit).toBe('s');
    const [ofBurns, ofBlocks] = points.map(({ value }) => value as { count: number; min: number; max: number; sum: number });
    expect(ofBurns).toMatchObject({ count: 9, max: expect.closeTo(0.035, 2) });
    expect(ofBurns!.min).toBeGreaterThan(0.0028);
    expect(ofBlocks!.count).toBe(8);
    expect(ofBlocks!.sum).toBeLessThan(0.008);
  });

  it('sum up pools of one name', async () => {
    const { meterProvider, collect } = meter();
    instrumented('all', { meterProvider });
    for (let n = 0; n < 2; n++) poolFor({ runtime: 'inline', name: 'twins', maxThreads: 3 });
    const { points } = (await collect())['offloop.worker.max']!;
    expect(points).toContainEqual({ attributes: { 'offloop.pool.name': 'twins' }, value: 6 });
  });
});
