import { AsyncLocalStorage } from 'node:async_hooks';

import { context, type Context } from '@opentelemetry/api';

import { shared } from '../shared/shared.ts';
import { warnViaPool } from '../task/notices.ts';
import { inRunSpan } from './run-span.ts';
import { hasWire, isSuppressed, runKey } from './wire.ts';

/** The carried context, where this thread's OpenTelemetry keeps no context. */
export const bare = shared('otel bare', () => new AsyncLocalStorage<Context>());

/** Settings of `carryTrace()` and `instrument()`. */
export const settings = shared('otel settings', () => ({
  allowed: new Set<string>(),
  /** While `instrument()` has a call's stores encoded: the context with the call's span. */
  calling: undefined as Context | undefined,
}));

/** The active OpenTelemetry context in the form of a store. The context manager gives no access to its own store, so a value can be set for a callback only. */
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
      // Without anything to lose, no warning is due.
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
    'carryTrace(): a trace has arrived in a worker where OpenTelemetry has no context manager, as without an SDK: `currentTrace()` has the ' +
      'trace\'s ids, but spans of the worker have no parent. Set the SDK up in the workers too: createPool({ preload: [the module that sets it up] }).',
  );
}
