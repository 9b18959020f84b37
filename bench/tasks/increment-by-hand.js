import incrementInContext from './increment-in-context.js';
import { requestStore, traceStore } from './plain-stores.js';

/** What travels when no library carries the stores: they are plain data. */
export function packed(value) {
  return { value, request: requestStore.getStore(), trace: traceStore.getStore() };
}

export default function incrementByHand({ value, request, trace }) {
  return requestStore.run(request, () => traceStore.run(trace, () => incrementInContext(value)));
}
