import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readWatchdog } from './watchdog.js';

/**
 * @param {'inline' | 'offloaded'} variant
 * @param {string} logLevel
 */
export async function startServer(variant, logLevel) {
  const child = fork(pathOf('server.js'), [variant], {
    env: { ...process.env, LOG_LEVEL: logLevel },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const [{ url, watchdogUrl }] = await Promise.race([once(child, 'message'), failWhenEnded(child)]);
  return { url, watchdog: readWatchdog(child.stderr, watchdogUrl), stdout: child.stdout, stop: () => stop(child) };
}

/**
 * Runs the clients to their end and returns what they measured.
 *
 * @param {string} url
 * @param {Record<string, number>} options of load.js
 * @param {(answered: number) => void} [onSecond]
 */
export async function runLoad(url, options, onSecond = () => {}) {
  const child = fork(pathOf('load.js'), [url, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`])]);
  let result;
  child.on('message', (message) => {
    if ('result' in message) result = message.result;
    else onSecond(message.answered);
  });
  const [exitCode] = await once(child, 'exit');
  if (!result) throw new Error(`The load generator ended with exit code ${exitCode} and no result`);
  return result;
}

async function failWhenEnded(child) {
  const [exitCode, signal] = await once(child, 'exit');
  throw new Error(`The server ended with ${signal ?? `exit code ${exitCode}`} before it listened`);
}

// The server is killed, not asked to end: the event loop of the inline variant may be blocked for seconds.
async function stop(child) {
  const hasEnded = once(child, 'exit');
  child.kill('SIGKILL');
  await hasEnded;
}

function pathOf(file) {
  return fileURLToPath(new URL(file, import.meta.url));
}
