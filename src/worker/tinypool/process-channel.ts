import { nextTick } from '../../node/clock.ts';
import { warnOfForeignMessage } from '../../task/foreign-message-warning.ts';
import { packNotice } from '../../wire/bytes.ts';
import type { ProgressNotice, WorkerNotice } from '../../wire/messages/notices.ts';
import type { ProgressChannel } from '../notices/progress-sender.ts';

interface ProcessChannel extends ProgressChannel {
  post(notice: WorkerNotice): void;
}

type Send = (message: unknown, callback?: (error: Error | null) => void) => boolean;

/**
 * Takes a process's channel to the pool from everybody else: its other end belongs to the pool alone, and a message that is nested too
 * deeply to be read there would throw in the caller's process, in Node's own code. tinypool has bound the real `send` by now.
 */
export function takeProcessChannel(): ProcessChannel {
  const self = process;
  const send = self.send?.bind(self) as Send | undefined;
  let isFull = false;
  if (send !== undefined) self.send = refuse;
  return {
    hasRoom: () => !isFull,
    copy: (notice: ProgressNotice) => notice,
    post(notice) {
      if (send === undefined || !self.connected) return;
      // False once 128 KB have not been written; while a synchronous task runs, Node writes nothing more.
      if (!send(packNotice(notice), () => { isFull = false; })) isFull = true;
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
