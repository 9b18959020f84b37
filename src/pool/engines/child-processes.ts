import type { ChildProcess } from 'node:child_process';

import type { AbortWriter } from './abort-writer.ts';

/** The child processes that are alive. */
const children = new Map<ChildProcess, AbortWriter>();

/** Kills the child when this process exits: a child in a synchronous loop does not notice that its channel has closed. */
export function endWithThisProcess(child: ChildProcess, aborts: AbortWriter): void {
  if (children.size === 0) process.on('exit', endChildren);
  children.set(child, aborts);
  child.once('exit', () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', endChildren);
  });
}

function endChildren(): void {
  for (const [child, aborts] of children) {
    child.kill('SIGKILL');
    aborts.remove();
  }
}
