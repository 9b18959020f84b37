/**
 * The work of every example: it blocks the event loop, and knows nothing of requests, servers or threads.
 *
 * @param {number} limit
 */
export function countPrimes(limit) {
  const isComposite = new Uint8Array(limit);
  let count = 0;
  for (let n = 2; n < limit; n++) {
    if (isComposite[n]) continue;
    count++;
    for (let multiple = n * n; multiple < limit; multiple += n) isComposite[multiple] = 1;
  }
  return count;
}
