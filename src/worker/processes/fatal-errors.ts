import { types } from 'node:util';

import { String, Error, process } from '../../node/intrinsics.ts';
import { describe } from '../../validation/describe.ts';
import { serialize } from '../../wire/bytes.ts';
import type { WorkerNotice } from '../../wire/messages/notices.ts';
import { encodeThrow, type EncodedThrow } from '../../wire/errors/thrown.ts';

/** What is longer may not fit into the channel at once, and there is no time to send the rest. */
const MAX_BYTES = 32 * 1024;

/**
 * Tells the pool what ends this process: its exit code alone says nothing. On POSIX systems a short message is written to
 * the channel at once. To be called after `watchLeftovers`, which saves the process from some of these.
 */
export function watchFatal(tell: (notice: WorkerNotice) => void): void {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    // Somebody takes care of it: then it ends nothing.
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
    tell({ type: 'fatal', thrown: short(encodeThrow(error, 'bytes')) });
  });
}

/** Without what the error owns, and no longer than the channel takes. */
function short(thrown: EncodedThrow): EncodedThrow {
  if (serialize(thrown).length <= MAX_BYTES) return thrown;
  const [error] = thrown.repairs?.errors ?? [];
  if (!types.isNativeError(error?.it)) return { value: describe(thrown.value), repairs: undefined };
  const it = new Error(error.it.message.slice(0, MAX_BYTES / 4));
  it.stack = String(error.it.stack).slice(0, MAX_BYTES / 4);
  return { value: it, repairs: { roots: undefined, places: undefined, errors: [{ ...error, it, props: {}, hidden: [] }] } };
}
