import { nextTick } from '../../node/clock.ts';
import { warnOfForeignMessage } from '../../task/foreign-message-warning.ts';
import { toBytes } from '../../wire/bytes.ts';
import type { ProgressNotice, WorkerNotice } from '../../wire/messages.ts';
import type { ReportLine } from '../progress.ts';

interface Channel extends ReportLine {
  post(notice: WorkerNotice): void;
}

type Send = (message: unknown, callback?: (error: Error | null) => void) => boolean;

/**
 * A worker process's channel to the pool, taken from everybody else: its other end belongs to the pool alone, and what is nested too
 * deeply to be read there would be thrown in the caller's process, by Node's own code. tinypool has bound its own `send` by now.
 */
export function takeChannel(): Channel {
  const self = process;
  const send = self.send?.bind(self) as Send | undefined;
  let isFull = false;
  if (send !== undefined) self.send = refuse;
  return {
    hasRoom: () => !isFull,
    copy: (notice: ProgressNotice) => notice,
    post(notice) {
      if (send === undefined || !self.connected) return;
      // False once what has not been written has grown to 128 KB; a synchronous task writes no more then until it is over.
      if (!send({ offloop: toBytes(notice) }, () => { isFull = false; })) isFull = true;
    },
  };
}

let hasWarned = false;

function refuse(message: unknown, ...rest: unknown[]): boolean {
  if (!hasWarned) warnOfForeignMessage('process.send()', message);
  hasWarned = true;
  const callback = rest.find((argument) => typeof argument === 'function');
  if (callback !== undefined) nextTick(callback, null);
  return true;
}
