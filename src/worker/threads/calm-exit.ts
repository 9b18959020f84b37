import { layout } from '../../wire/messages.ts';

/** Longer than the inspector attaches, in ms. */
const LONGEST_MS = 1000;

/**
 * A thread that ends by itself says so, and waits while the inspector attaches to threads: see `Attaching`. A thread that the pool
 * ends does not come here.
 */
export function endCalmly(control: Int32Array, attaching: Int32Array): void {
  process.prependListener('exit', () => {
    Atomics.store(control, layout.ending, 1);
    Atomics.wait(attaching, 0, 1, LONGEST_MS);
  });
}
