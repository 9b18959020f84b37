/** The words in the control block, the memory that a pool and a worker thread share. */
export const controlWords = {
  /** The id of the task that is to stop, in two words, since the ids of a long-lived pool exceed one word. */
  abortedTask: 0,
  abortedTaskHigh: 1,
  /** Why the task is to stop: an index in `abortKinds`. */
  abortKind: 2,
  /** 1 once the worker has been set up and its preloads are loaded. */
  ready: 3,
  /** 1 once the worker has begun to end by itself. */
  ending: 4,
  /** How many notices the worker has posted on the side channel. */
  posted: 5,
  /** How many of these notices the pool has received, readable or not. */
  received: 6,
} as const;

export function createControlBlock(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(Object.keys(controlWords).length * Int32Array.BYTES_PER_ELEMENT));
}
