import { String } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { defineOwn } from '../../node/own-properties.ts';
import type { ErrorClasses } from '../errors/error-repairs.ts';
import { isError } from '../errors/is-error.ts';
import { CloneabilityCheck } from './cloneability-check.ts';
import { repaired, type Repairs } from './repairs.ts';
import type { Channel } from './structured-clone.ts';

/** A thrown value as it is sent to the other side, which can always be cloned. */
export interface EncodedThrow {
  readonly value: unknown;
  readonly repairs: Repairs | undefined;
}

/**
 * @param exports the exports of the task's module, to find the name under which the module exports the error's class
 */
export function encodeThrow(thrown: unknown, channel: Channel, exports: Readonly<Record<string, unknown>> = {}): EncodedThrow {
  try {
    return new CloneabilityCheck({ channel, transfer: undefined, exports }).thrown(thrown);
  } catch {
    // A hostile error may throw whatever is done with it: its description must do.
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
