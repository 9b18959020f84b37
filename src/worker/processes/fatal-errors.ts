import { types } from 'node:util';

import { String, Error, process } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { serialize } from '../../wire/bytes.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import { encodeThrow, type EncodedThrow } from '../../wire/values/thrown.ts';

/** A longer message may not fit into the channel at once, and there is no time to send the rest. */
const MAX_BYTES = 32 * 1024;

/**
 * Tells the pool which error ends this process: the exit code alone says nothing. On POSIX systems a short message is written to the
 * channel at once. Call this after `watchLeftovers`, which keeps the process alive after some errors.
 */
export function watchFatal(send: (notice: WorkerNotice) => void): void {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    // The error is handled elsewhere, and does not end the process.
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
    send({ type: 'fatal', thrown: short(encodeThrow(error, 'bytes')) });
  });
}

/** Without the error's own properties, and no longer than the channel takes. */
function short(thrown: EncodedThrow): EncodedThrow {
  if (serialize(thrown).length <= MAX_BYTES) return thrown;
  const [error] = thrown.repairs?.errors ?? [];
  if (!types.isNativeError(error?.it)) return { value: describe(thrown.value), repairs: undefined };
  const it = new Error(error.it.message.slice(0, MAX_BYTES / 4));
  it.stack = String(error.it.stack).slice(0, MAX_BYTES / 4);
  return { value: it, repairs: { roots: undefined, revivals: undefined, errors: [{ ...error, it, props: {}, hidden: [] }] } };
}
