import { now } from '../../node/clock.ts';
import type { BatchResults } from '../../wire/batch-results.ts';
import type { Call } from '../calls/call.ts';
import { Unread } from '../engines/unread.ts';
import type { PoolWorker } from '../workers/pool-worker.ts';
import { failUnread } from './responses.ts';

/** Results of calls that have not been settled yet. */
export interface TakenResults {
  readonly calls: Call[];
  readonly values: unknown[];
  readonly runs: number[];
  readonly waits: number[];
}

/** Takes the results out of shared memory, so that the worker can be sent the next batch before the calls are settled. */
export function takeResults(worker: PoolWorker): TakenResults {
  const collected: TakenResults = { calls: [], values: [], runs: [], waits: [] };
  const { message, engine: { batches } } = worker;
  if (!message.isBatch || batches === undefined) return collected;
  const { results } = batches;
  const { calls } = message;
  let startAt = message.sentAt;
  for (let place = 0; place < calls.length; place++) {
    if (!results.isDone(place)) continue;
    const call = calls[place];
    const runMs = results.runMs(place);
    if (call !== undefined) {
      if (call.extras?.traced !== undefined) call.extras.traced.cpuMs = results.cpuMs(place);
      collected.calls.push(call);
      collected.values.push(valueAt(results, place));
      collected.runs.push(runMs);
      collected.waits.push(startAt - call.calledAt);
      worker.complete(call);
    }
    startAt += runMs;
  }
  if (collected.calls.length > 0) worker.silence.restart();
  return collected;
}

function valueAt(results: BatchResults, place: number): unknown {
  try {
    return results.valueAt(place);
  } catch (cause) {
    return new Unread('here', cause);
  }
}

export function settleResults({ calls, values, runs, waits }: TakenResults): void {
  const at = now();
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i]!;
    call.recordTimings(waits[i]!, runs[i]!, at);
    const value = values[i];
    if (value instanceof Unread) failUnread(call, value);
    else call.fulfil(value);
  }
}
