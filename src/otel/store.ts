import { AsyncLocalStorage } from 'node:async_hooks';

import { context, type Context } from '@opentelemetry/api';

import { shared } from '../shared/shared.ts';
import { warnViaPool } from '../task/notices.ts';
import { inRunSpan } from './run-span.ts';
import { hasWire, isSuppressed, runKey } from './wire.ts';

/** Where this thread's OpenTelemetry keeps no context, the one that was carried. */
export const bare = shared('otel bare', () => new AsyncLocalStorage<Context>());

/** What `carryTrace()` and `instrument()` have set. */
export const settings = shared('otel settings', () => ({
  allowed: new Set<string>(),
  /** That of the call whose stores are being encoded, while `instrument()` has given it a span. */
  calling: undefined as Context | undefined,
}));

/** The active OpenTelemetry context in the form of a store. Its context manager keeps the real one to itself, so this one can only be run in. */
class TraceStore extends AsyncLocalStorage<Context> {
  override getStore(): Context | undefined {
    const ctx = settings.calling ?? context.active();
    if (isSuppressed(ctx)) return undefined;
    return hasWire(ctx, settings.allowed) ? ctx : bare.getStore();
  }

  override run<R>(ctx: Context, callback: (...args: unknown[]) => R, ...args: unknown[]): R {
    const task = ctx.getValue(runKey);
    const own = ctx.deleteValue(runKey);
    const run = (): R => (typeof task === 'string' ? inRunSpan(task, own, () => callback(...args)) : callback(...args));
    return context.with(own, () => {
      // Nobody would miss a part that could not be read.
      if (context.active() === own || !hasWire(own, settings.allowed)) return run();
      warnOfNoManager();
      return bare.run(own, run);
    });
  }

  override enterWith(ctx: Context): void {
    bare.enterWith(ctx);
  }
}

export const traceStore = shared('otel store', () => new TraceStore());

function warnOfNoManager(): void {
  warnViaPool(
    'OFFLOOP_NO_OTEL_CONTEXT',
    'carryTrace(): a trace has arrived where OpenTelemetry has no context manager, as without an SDK: `currentTrace()` has its ids, ' +
      'but spans that are made there have no parent. Set the SDK up in the workers too: createPool({ preload: [the module that does it] }).',
  );
}
