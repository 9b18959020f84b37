import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';

import { setTimeout } from '../node/clock.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGBREAK'] as const satisfies NodeJS.Signals[];
/** The signals that a terminal sends at a key, to all processes in its foreground. */
const keys: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGBREAK'];

/** Passes each signal on to the child, and goes on until the child has ended: the child decides what a signal means. */
export function passSignalsOn(child: ChildProcess): () => void {
  const listener = (signal: NodeJS.Signals): void => { if (!hasComeToBoth(signal)) child.kill(signal); };
  for (const signal of signals) process.on(signal, listener);
  return () => { for (const signal of signals) process.off(signal, listener); };
}

/** Ends this process by that signal, so that a shell or a supervisor sees what has happened. */
export function endBySignal(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
  // Process 1 of a container does not end at every signal.
  setTimeout(() => process.exit(128 + constants.signals[signal]), 200);
}

/** Whether the child has got the signal, too. A second copy would make many programs drop everything, as a second Ctrl-C does. */
function hasComeToBoth(signal: NodeJS.Signals): boolean {
  // On Windows console events reach all processes, and `kill` would end the child at once.
  if (process.platform === 'win32') return true;
  return keys.includes(signal) && isInForeground();
}

function isInForeground(): boolean {
  try {
    // After the name in brackets: state, parent, group, session, terminal, the terminal's foreground group.
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return fields[2] === fields[5];
  } catch {
    return [0, 1, 2].some(isatty);
  }
}
