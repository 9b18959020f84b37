import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

import { sleep } from '../node/clock.ts';
import { tellToVariable } from '../register/environment.ts';
import type { RunCommand } from './arguments.ts';
import { Listener } from './listener.ts';
import { dieOf, passSignalsOn } from './signals.ts';
import { sumUp } from './sum-up.ts';
import { say } from './say.ts';

/** What the program has told is there when it has ended; this is for a descendant that holds the pipe open, in ms. */
const LAST_LINES = 1000;
/** stdin, stdout and stderr are the program's. */
const TELL_TO = 3;

/** Runs the program to its end, and ends this process as it has ended. */
export async function run(command: RunCommand): Promise<void> {
  const child = start(command);
  const stopPassing = passSignalsOn(child);
  const listener = new Listener();
  const toldAll = listen(child.stdio[TELL_TO] as Readable, listener);
  try {
    const [code, signal] = await once(child, 'exit') as [number | null, NodeJS.Signals | null];
    await Promise.race([toldAll, sleep(LAST_LINES)]);
    stopPassing();
    const hasFailed = sumUp(listener, command, child.pid ?? 0);
    if (signal !== null) dieOf(signal);
    else process.exit(code === 0 && hasFailed ? 1 : code ?? 1);
  } catch (error) {
    say(`the program could not be started: ${(error as Error).message}`, command.log);
    process.exit(1);
  }
}

function start({ command, env }: RunCommand): ChildProcess {
  const register = new URL('./register.js', import.meta.url).href;
  return spawn(process.execPath, [`--import=${register}`, ...command], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...env, ...tellToVariable(TELL_TO) },
  });
}

async function listen(pipe: Readable, listener: Listener): Promise<void> {
  let rest = '';
  pipe.setEncoding('utf8');
  pipe.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) listener.hear(line);
  });
  // A killed process may have left half a line, and a broken pipe is an end like any other.
  await once(pipe, 'end').catch(() => undefined);
}
