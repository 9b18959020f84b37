import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

import { sleep } from '../node/clock.ts';
import { parentFdVariable } from '../register/environment.ts';
import type { RunCommand } from './arguments.ts';
import { Listener } from './listener.ts';
import { endBySignal, passSignalsOn } from './signals.ts';
import { sumUp } from './sum-up.ts';
import { say } from './say.ts';

/** How long the pipe is read after the program has ended, in ms: a child process of the program may hold the pipe open. */
const PIPE_GRACE = 1000;
/** The first number after stdin, stdout and stderr, which belong to the program. */
const PARENT_FD = 3;

/** Runs the program to its end, and ends this process in the same way: with its exit code, or by its signal. */
export async function run(command: RunCommand): Promise<void> {
  const child = start(command);
  const stopPassing = passSignalsOn(child);
  const listener = new Listener();
  const allRead = listen(child.stdio[PARENT_FD] as Readable, listener);
  try {
    const [code, signal] = await once(child, 'exit') as [number | null, NodeJS.Signals | null];
    await Promise.race([allRead, sleep(PIPE_GRACE)]);
    stopPassing();
    const hasFailed = sumUp(listener, command, child.pid ?? 0);
    if (signal !== null) endBySignal(signal);
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
    env: { ...env, ...parentFdVariable(PARENT_FD) },
  });
}

async function listen(pipe: Readable, listener: Listener): Promise<void> {
  let rest = '';
  pipe.setEncoding('utf8');
  pipe.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) listener.receive(line);
  });
  // A killed process may leave half a line. A broken pipe is an end, too.
  await once(pipe, 'end').catch(() => undefined);
}
