import { trace } from '@opentelemetry/api';
import { offload } from 'offloop';

const tracer = trace.getTracer('primes');

export const primesBelow = offload(import.meta, function primesBelow(limit) {
  const isComposite = tracer.startActiveSpan('sieve', (span) => {
    const sieve = new Uint8Array(limit);
    for (let n = 2; n * n < limit; n++) {
      if (!sieve[n]) for (let multiple = n * n; multiple < limit; multiple += n) sieve[multiple] = 1;
    }
    span.end();
    return sieve;
  });
  return tracer.startActiveSpan('count', (span) => {
    const count = isComposite.subarray(2).filter((mark) => mark === 0).length;
    span.end();
    return count;
  });
});
