import { stores } from '../context/stores/registry.ts';
import { declareTrace, TRACE } from './carry-trace.ts';
import './flush.ts';

/*
 * What a worker loads before the first task that brings a trace.
 */

// A module of the user's may have done it here, with options of its own.
if (!stores.has(TRACE)) {
  const query = new URL(import.meta.url).searchParams;
  declareTrace(JSON.parse(query.get('baggage') ?? '[]') as string[], Number(query.get('maxBytes') ?? 8192));
}
