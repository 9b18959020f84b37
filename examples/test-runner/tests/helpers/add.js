/** This helper knows nothing of tests, and yet its lines name their test. */
export function add(a, b) {
  console.log('adding %d and %d', a, b);
  return a + b;
}
