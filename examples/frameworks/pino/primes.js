import { offload } from 'offloop';
import { countPrimes } from '../count-primes.js';
import { log } from './log.js';

export const primesBelow = offload(import.meta, function primesBelow(limit) {
  const count = countPrimes(limit);
  log.info({ limit }, 'counted');
  return count;
});
