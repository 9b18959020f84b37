import type { Context } from '@opentelemetry/api';
import { beforeWorkerEnds, capture, createPool, type Carried, type Pool } from 'offloop';
import { carryTrace, currentTrace, instrument, type CarryTraceOptions, type CurrentTrace, type InstrumentOptions } from 'offloop/otel';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expectTypeOf } from 'vitest';

// carryTrace: a store like any other
const traces = carryTrace({ baggage: ['tenant'], maxBytes: 1000 } satisfies CarryTraceOptions);
expectTypeOf(traces).toEqualTypeOf<Carried<Context>>();
capture({ only: [traces] });
const pool: Pool = createPool({ context: [traces], endGrace: 500 });
// @ts-expect-error a list of keys
carryTrace({ baggage: true });

expectTypeOf(currentTrace()).toEqualTypeOf<CurrentTrace | undefined>();
expectTypeOf<CurrentTrace['traceFlags']>().toEqualTypeOf<number>();

// instrument: takes the SDK's providers, and can be undone
const options: InstrumentOptions = { tracerProvider: new NodeTracerProvider(), meterProvider: new MeterProvider() };
expectTypeOf(instrument(pool, options)).toEqualTypeOf<() => void>();
instrument('all');
// @ts-expect-error a pool is missing
instrument();
// @ts-expect-error a pool's name is not a pool
instrument('images');

expectTypeOf(beforeWorkerEnds(async () => {})).toEqualTypeOf<() => void>();
// @ts-expect-error a function
beforeWorkerEnds(Promise.resolve());
