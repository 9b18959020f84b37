import '../core.ts';
import { stores } from '../context/stores/registry.ts';
import { declareTrace, TRACE } from './carry-trace.ts';
import './flush.ts';

/*
 * A worker loads this module before the first task that brings a trace.
 */

// The user's own module may have declared the trace in this worker, with other options.
if (!stores.has(TRACE)) {
  const query = new URL(import.meta.url).searchParams;
  declareTrace(JSON.parse(query.get('baggage') ?? '[]') as string[], Number(query.get('maxBytes') ?? 8192));
}
