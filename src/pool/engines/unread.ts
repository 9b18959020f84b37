import { unreadableError } from '../../wire/values/clone-errors.ts';

/** Stands in place of a response that cannot be had. */
export class Unread {
  /**
   * `here`: this side cannot read the worker's response. `there`: the worker could not read the request, and has run nothing. `failed`:
   * offloop's own code in the worker has thrown.
   */
  readonly where: 'here' | 'there' | 'failed';
  readonly cause: unknown;

  constructor(where: Unread['where'], cause: unknown) {
    this.where = where;
    this.cause = cause;
  }
}

/** The error of the call of this task. */
export function unreadError(task: string, { where, cause }: Unread): Error {
  return unreadableError(task, where === 'there' ? 'args' : 'result', cause);
}
