import type { MessageTag } from '../../wire/control-block.ts';

/** Where the pool reads how much CPU time a worker has used. Undefined: not known, or not yet. Times are in ms. */
export interface CpuSource {
  /** For a message that is over. A thread's figure may still grow by the sending of its response, until it begins the next message. */
  ofMessage(tag: MessageTag): number | undefined;
  /** For a message that is not over, as well as it is known. Reads a file, so this is for workers that are about to be ended. */
  soFar(tag: MessageTag): number | undefined;
}
