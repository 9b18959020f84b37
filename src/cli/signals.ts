import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';

import { setTimeout } from '../node/clock.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGBREAK'] as const satisfies NodeJS.Signals[];
/** What a terminal sends at a key, to all that run in its foreground. */
const keys: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGBREAK'];

/** This process goes on until the child has ended, whatever it is told; the child decides. */
export function passSignalsOn(child: ChildProcess): () => void {
  const listener = (signal: NodeJS.Signals): void => { if (!hasComeToBoth(signal)) child.kill(signal); };
  for (const signal of signals) process.on(signal, listener);
  return () => { for (const signal of signals) process.off(signal, listener); };
}

/** Ends this process by that signal, so that a shell or a supervisor sees what has happened. */
export function dieOf(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
  // Process 1 of a container does not die of every signal.
  setTimeout(() => process.exit(128 + constants.signals[signal]), 200);
}

/** To many programs a second Ctrl-C means to drop everything. */
function hasComeToBoth(signal: NodeJS.Signals): boolean {
  // Console events reach all processes there, and what `kill` sends would end the child at once.
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
