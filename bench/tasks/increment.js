import { offload } from 'offloop';

export const increment = offload(import.meta, function increment(n) {
  return n + 1;
});
