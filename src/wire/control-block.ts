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
  /** The kernel's id of the worker's thread; 0 until the worker has been set up, and where there is none. */
  threadId: 7,
  /** The messages whose CPU time stands in `cpuOfMessage`: see `MessageTag`. */
  cpuTag: 8,
  otherCpuTag: 9,
} as const;

/** The numbers in the control block, behind its words. */
export const controlNumbers = {
  /** When the function of the running task was called, an instant of `now()`; 0 while no task runs. */
  taskStartedAt: 0,
  /** The CPU time of the worker's thread at the end of its last message, in ms; 0 where it is not known. */
  cpuAtMessageEnd: 1,
  /** The CPU time of the last two messages so far, in ms. */
  cpuOfMessage: 2,
  otherCpuOfMessage: 3,
} as const;

/** Names a message to both sides: the id of its call, or for a batch its number, negated. Two messages in a row never have the same one. */
export type MessageTag = number;

export const tagOfRun = (id: number): MessageTag => id & 0x7fffffff;
export const tagOfBatch = (number: number): MessageTag => -(number & 0x7fffffff);

const WORDS = Object.keys(controlWords).length;
/** The numbers begin at a multiple of their own size. */
const WORD_BYTES = Math.ceil(WORDS / 2) * Float64Array.BYTES_PER_ELEMENT;

export function createControlBlock(): Int32Array<SharedArrayBuffer> {
  return blockIn(new SharedArrayBuffer(WORD_BYTES + Object.keys(controlNumbers).length * Float64Array.BYTES_PER_ELEMENT));
}

/** The control block in memory that the other side has created. */
export function blockIn(memory: SharedArrayBuffer): Int32Array<SharedArrayBuffer> {
  return new Int32Array(memory, 0, WORDS);
}

/** The numbers of a control block. */
export function numbersOf(control: Int32Array<SharedArrayBuffer>): Float64Array<SharedArrayBuffer> {
  return new Float64Array(control.buffer, WORD_BYTES);
}
