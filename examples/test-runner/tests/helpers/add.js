/** Knows nothing of tests, and yet its lines say which one they belong to. */
export function add(a, b) {
  console.log('adding %d and %d', a, b);
  return a + b;
}
