import { controlWords } from '../../wire/control-block.ts';

/** Longer than the inspector takes to attach, in ms. */
const LONGEST_MS = 1000;

/**
 * Makes a thread that ends by itself say so first, and wait while the inspector attaches to threads: see `InspectorLock`. A thread that
 * the pool ends emits no `exit` event here.
 */
export function waitForInspector(control: Int32Array, inspectorLock: Int32Array): void {
  process.prependListener('exit', () => {
    Atomics.store(control, controlWords.ending, 1);
    Atomics.wait(inspectorLock, 0, 1, LONGEST_MS);
  });
}
