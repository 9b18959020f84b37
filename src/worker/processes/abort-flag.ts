import { openSync, readSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';

import { Uint8Array, Float64Array, process } from '../../node/intrinsics.ts';
import { now } from '../../node/clock.ts';
import { abortKinds, type AbortKind, type WorkerSetup } from '../../wire/messages.ts';

/** How long a look at the flag stays good, so that a task may ask on every turn of a loop. */
const POLL_EVERY_MS = 2;

/** Two numbers: the task that is to stop, and why. */
const words = new Float64Array(2);
const bytes = new Uint8Array(words.buffer);

/** Whether a task has been told to stop, as the pool's `AbortFlag` says. */
export type ReadFlag = (id: number) => AbortKind | undefined;

export function flagReader({ abortPipe, abortFile }: WorkerSetup): ReadFlag {
  try {
    if (abortPipe !== undefined) return reader(pipeReader(abortPipe));
    if (abortFile !== undefined) return reader(fileReader(abortFile));
  } catch {
    // It may not be read here (`--permission`): then the task is told by a message, which it sees when it awaits.
  }
  return () => undefined;
}

function reader(read: () => void): ReadFlag {
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

function pipeReader(pipe: number): () => void {
  // Made the descriptor's owner, a socket lets nobody wait who reads it.
  new Socket({ fd: pipe, readable: false, writable: true }).on('error', () => undefined).unref();
  const part = new Uint8Array(bytes.length);
  let length = 0;
  return () => {
    try {
      for (let read = -1; read !== 0; length = (length + read) % part.length) {
        read = readSync(pipe, part, length, part.length - length, null);
        if (length + read === part.length) bytes.set(part);
      }
    } catch {
      // EAGAIN: there is no more for now.
    }
  };
}

function fileReader(path: string): () => void {
  const file = openSync(path, 'r');
  // An open file needs no name, and leaves none behind however this ends; Windows keeps it until the parent removes it.
  if (process.platform !== 'win32') unlinkSync(path);
  return () => { readSync(file, bytes, 0, bytes.length, 0); };
}
