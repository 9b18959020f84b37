import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';

import { errorText } from '../../validation/describe.ts';
import { warnOnce } from '../../node/warnings.ts';
import { abortKinds, type AbortMessage } from '../../wire/messages/requests.ts';
import type { AbortSource } from '../../wire/messages/setup.ts';
import { ABORT_PIPE, hasAbortPipe } from './tinypool/spawning.ts';

/** Tells a process in a synchronous loop, which receives no message, that its task is to stop. */
export interface AbortWriter {
  /** Where the process reads what is written here. */
  readonly source: AbortSource;
  write(message: AbortMessage): void;
  /** Call this when the process is gone. */
  remove(): void;
}

export function createAbortWriter(child: ChildProcess): AbortWriter {
  const pipe = hasAbortPipe ? (child.stdio[ABORT_PIPE] as Socket | null | undefined) : undefined;
  return pipe == null ? fileWriter() : pipeWriter(pipe);
}

function pipeWriter(pipe: Socket): AbortWriter {
  // The child may be gone by the time of an abort.
  pipe.on('error', () => undefined);
  pipe.unref();
  return {
    source: { type: 'pipe', descriptor: ABORT_PIPE },
    write: (message) => { pipe.write(wordsOf(message)); },
    remove: () => { pipe.destroy(); },
  };
}

const noWriter: AbortWriter = { source: { type: 'none' }, write: () => undefined, remove: () => undefined };

/** The file keeps its name until the process is gone: Windows cannot remove a file that the process has open. */
function fileWriter(folder: string = tmpdir()): AbortWriter {
  const path = join(folder, `offloop-${crypto.randomUUID()}`);
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    warnAboutFolder(folder, error);
    return noWriter;
  }
  return {
    source: { type: 'file', path },
    write: (message) => { writeSync(file, wordsOf(message), 0, undefined, 0); },
    remove: () => {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}

function wordsOf({ id, kind }: AbortMessage): Uint8Array {
  return new Uint8Array(new Float64Array([id, abortKinds.indexOf(kind)]).buffer);
}

function warnAboutFolder(folder: string, error: unknown): void {
  warnOnce(
    'OFFLOOP_NO_ABORT_FLAG',
    `${folder} cannot be written (${errorText(error)}): a task on a worker process that never awaits does not see its abort, ` +
      'and is ended after `abortGrace`. Make the temporary folder writable (TEMP, TMPDIR).',
  );
}
