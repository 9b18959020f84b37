import incrementInContext from './increment-in-context.js';
import { requestStore, traceStore } from './plain-stores.js';

/** Stores that are carried without a library: plain data in the argument. */
export function packed(value) {
  return { value, request: requestStore.getStore(), trace: traceStore.getStore() };
}

export default function incrementByHand({ value, request, trace }) {
  return requestStore.run(request, () => traceStore.run(trace, () => incrementInContext(value)));
}
