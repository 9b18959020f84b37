import { openSync, readSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';

import { Uint8Array, Float64Array, process } from '../../node/intrinsics.ts';
import { now } from '../../node/clock.ts';
import { abortKinds, type AbortKind } from '../../wire/messages/requests.ts';
import type { AbortSource } from '../../wire/messages/setup.ts';

/** How long a value that was read stays valid, so that a task may ask on every turn of a loop. */
const POLL_EVERY_MS = 2;

/** Two numbers: the id of the task that is to stop, and the kind of the abort. */
const words = new Float64Array(2);
const bytes = new Uint8Array(words.buffer);

/** Why the task of this id is to stop; undefined where it may go on. */
export type AbortReader = (id: number) => AbortKind | undefined;

export const noAbortReader: AbortReader = () => undefined;

export function createAbortReader(source: AbortSource): AbortReader {
  try {
    if (source.type === 'pipe') return polling(pipeReader(source.descriptor));
    if (source.type === 'file') return polling(fileReader(source.path));
  } catch {
    // Reading it may not be allowed (`--permission`): then the task learns of its abort by a message, once it awaits.
  }
  return noAbortReader;
}

function polling(read: () => void): AbortReader {
  let readAt = -Infinity;
  return (id) => {
    const time = now();
    if (time - readAt >= POLL_EVERY_MS) {
      read();
      readAt = time;
    }
    return words[0] === id ? abortKinds[words[1]!] : undefined;
  };
}

function pipeReader(descriptor: number): () => void {
  // A socket that owns the descriptor makes it non-blocking.
  new Socket({ fd: descriptor, readable: false, writable: true }).on('error', () => undefined).unref();
  const part = new Uint8Array(bytes.length);
  let length = 0;
  return () => {
    try {
      for (let read = -1; read !== 0; length = (length + read) % part.length) {
        read = readSync(descriptor, part, length, part.length - length, null);
        if (length + read === part.length) bytes.set(part);
      }
    } catch {
      // EAGAIN: the pipe is empty for now.
    }
  };
}

function fileReader(path: string): () => void {
  const file = openSync(path, 'r');
  // An open file needs no name, so no file stays behind however this process ends. On Windows the parent removes it.
  if (process.platform !== 'win32') unlinkSync(path);
  return () => { readSync(file, bytes, 0, bytes.length, 0); };
}
