import compute from './compute.js';

/**
 * Works on a document for as long as its sender says, in slices, so that a heavy document is heavy on every machine. The sender can
 * count the slices while the task runs.
 */
export default function review({ rounds, slices = 1, text, counter }) {
  let sum = text.length;
  for (let i = 0; i < slices; i++) {
    sum += compute(rounds);
    if (counter !== undefined) Atomics.add(counter, 0, 1);
  }
  return sum;
}
