import { threadId } from 'node:worker_threads';

import { trace, type Context, type Span } from '@opentelemetry/api';

import { currentTask } from '../task/current.ts';
import { isThenable } from '../node/promises.ts';
import { fail } from './failure.ts';

/** Runs a task's function in a span of its own. The worker makes the span, and not the caller, since only the worker knows when the function starts. */
export function inRunSpan<R>(task: string, parent: Context, fn: () => R): R {
  const attributes = { 'offloop.task.name': task, 'offloop.task.id': currentTask()?.id ?? '', 'thread.id': threadId };
  return trace.getTracer('offloop').startActiveSpan(`run ${task}`, { attributes }, parent, (span) => follow(span, fn));
}

function follow<R>(span: Span, fn: () => R): R {
  try {
    const value = fn();
    if (!isThenable(value)) {
      span.end();
      return value;
    }
    // Some thenables begin anew with each `then()`: so `then()` is called once, for a promise.
    const promise = Promise.resolve(value);
    promise.then(() => { span.end(); }, (error: unknown) => { endFailed(span, error); });
    return promise as R;
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

function endFailed(span: Span, error: unknown): void {
  fail(span, error);
  span.end();
}
