import { Object } from '../node/intrinsics.ts';

/**
 * Takes the prototype off an object that has just been received. Structured clone gives each object this thread's Object.prototype,
  * and a key that other code has added there would be taken for a part of the message.
 */
export function ownOnly<T extends object>(received: T): T {
  return setPrototypeOf(received, null);
}

const setPrototypeOf = Object.setPrototypeOf as <T extends object>(object: T, prototype: null) => T;
