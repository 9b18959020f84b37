import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Forks a script. `next()` resolves with the script's next message.
 *
 * @param {string} script its path from here
 * @param {string[]} args
 * @param {import('node:child_process').ForkOptions} [options]
 */
export function start(script, args, options) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, options);
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${script} ${args.join(' ')} ended with ${signal ?? `exit code ${code}`} before it said what it measured`);
  });
  ended.catch(() => {});
  return { child, next: async () => (await Promise.race([once(child, 'message'), ended]))[0], stop: () => stop(child) };
}

/** Forks a script, and resolves with its first message. */
export async function ask(script, args, options) {
  const { next, stop } = start(script, args, options);
  return next().finally(stop);
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const hasEnded = once(child, 'exit');
  child.kill('SIGKILL');
  await hasEnded;
}
