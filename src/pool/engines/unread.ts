import { unreadableError } from '../../wire/values/clone-errors.ts';

/** What came in place of an answer. */
export class Unread {
  /**
   * `here`: the worker has answered, and this side cannot read the answer. `there`: the worker could not read what it was sent,
   * and has run nothing. `failed`: offloop's own code in the worker has thrown.
   */
  readonly where: 'here' | 'there' | 'failed';
  readonly cause: unknown;

  constructor(where: Unread['where'], cause: unknown) {
    this.where = where;
    this.cause = cause;
  }
}

/** What the call of this task gets. */
export function unreadError(task: string, { where, cause }: Unread): Error {
  return unreadableError(task, where === 'there' ? 'args' : 'result', cause);
}
