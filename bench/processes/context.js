import { requestStore, traceStore } from '../tasks/plain-stores.js';

/** Two stores like those of a request; the numbers identify the caller. */
export function inContext(number, fn) {
  const request = { requestId: `request-${number}`, user: 'u-17', number };
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', spanNumber: number };
  return requestStore.run(request, () => traceStore.run(trace, fn));
}
