import { requestStore, traceStore } from './plain-stores.js';

/** The result shows that both stores are set, and that they are the caller's. */
export default function incrementInContext(n) {
  return n + requestStore.getStore().number + traceStore.getStore().spanNumber;
}
