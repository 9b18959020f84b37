import { String } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { defineOwn } from '../../node/own-properties.ts';
import { isError, type ErrorClasses } from './error-repairs.ts';
import type { Channel } from '../values/structured-clone.ts';
import { repaired, type Repairs } from '../values/repairs.ts';
import { CloneabilityCheck } from '../values/cloneability.ts';

/** A thrown value on its way to the other thread: always cloneable, always inside this envelope. */
export interface EncodedThrow {
  readonly value: unknown;
  readonly repairs: Repairs | undefined;
}

/**
 * @param exports the namespace of the task's module, to say under which name it exports the error's class
 */
export function encodeThrow(thrown: unknown, channel: Channel, exports: Readonly<Record<string, unknown>> = {}): EncodedThrow {
  try {
    return new CloneabilityCheck({ channel, transfer: undefined, exports }).thrown(thrown);
  } catch {
    // An error may be made to fight back; then its description has to do.
    return { value: describe(thrown), repairs: undefined };
  }
}

/**
 * The thrown value again: an error of the same class, with its name, message, code, own properties, cause and errors.
 * @param callerFrames stack lines to put beneath the worker's
 */
export function decodeThrow({ value, repairs }: EncodedThrow, classes: ErrorClasses, callerFrames: string): unknown {
  const thrown = repaired(value, repairs, classes);
  if (isError(thrown)) {
    const stack = String(thrown.stack) + callerFrames;
    defineOwn(thrown, 'stack', { value: stack, enumerable: false, configurable: true, writable: true });
  }
  return thrown;
}
