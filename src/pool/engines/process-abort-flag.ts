import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';

import { errorText } from '../../validation/describe.ts';
import { warnOnce } from '../../node/warnings.ts';
import { abortKinds, type AbortNotice, type WorkerSetup } from '../../wire/messages.ts';
import { FURTHER_PIPE } from './tinypool/spawning.ts';

/** How a worker process in a synchronous loop, which takes in no message, sees that its task is to stop. */
export interface AbortFlag {
  /** For the worker. */
  readonly setup: Pick<WorkerSetup, 'abortPipe' | 'abortFile'>;
  raise(notice: AbortNotice): void;
  /** To be called when the worker is gone. */
  remove(): void;
}

/** A pipe needs no folder that can be written. Windows has none that can be read without waiting. */
export const hasPipes = process.platform !== 'win32';

export function abortFlag(child: ChildProcess): AbortFlag {
  const pipe = hasPipes ? (child.stdio[FURTHER_PIPE] as Socket | null | undefined) : undefined;
  return pipe == null ? fileFlag() : pipeFlag(pipe);
}

function pipeFlag(pipe: Socket): AbortFlag {
  // The child may be gone when it is told.
  pipe.on('error', () => undefined);
  pipe.unref();
  return {
    setup: { abortPipe: FURTHER_PIPE },
    raise: (notice) => { pipe.write(wordsOf(notice)); },
    remove: () => { pipe.destroy(); },
  };
}

const noFlag: AbortFlag = { setup: {}, raise: () => undefined, remove: () => undefined };

/** @param folder where the file is made; a child that has it open needs no name, but Windows cannot remove it then */
function fileFlag(folder: string = tmpdir()): AbortFlag {
  const path = join(folder, `offloop-${crypto.randomUUID()}`);
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    warnOfNoFlag(folder, error);
    return noFlag;
  }
  return {
    setup: { abortFile: path },
    raise: (notice) => { writeSync(file, wordsOf(notice), 0, undefined, 0); },
    remove: () => {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}

function wordsOf({ id, kind }: AbortNotice): Uint8Array {
  return new Uint8Array(new Float64Array([id, abortKinds.indexOf(kind)]).buffer);
}

function warnOfNoFlag(folder: string, error: unknown): void {
  warnOnce(
    'OFFLOOP_NO_ABORT_FLAG',
    `${folder} cannot be written (${errorText(error)}): a task on a worker process that never awaits does not see its abort, ` +
      'and is ended after `abortGrace`. Let the temporary folder be writable (TEMP, TMPDIR).',
  );
}
