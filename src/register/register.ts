import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

import '../core.ts';
import { setTimeout } from '../node/clock.ts';
import { ownCopy } from '../node/own-properties.ts';
import { shared } from '../shared/shared.ts';
import { StallLog, writeWhole } from '../watchdog/report/log.ts';
import { normalizeWatchdogOptions, type WatchdogOptions } from '../watchdog/options.ts';
import { MainWatchdog } from '../watchdog/main/main-watchdog.ts';
import type { Watchdog } from '../watchdog/types.ts';
import { takeEnvironment } from './environment.ts';
import { whyNotWritable, writeReport } from './report-file.ts';
import type { ParentMessage } from './parent-messages.ts';

/**
 * `offloop run` gets the watchdog's state after so many ms, and then less and less often, up to once in MAX_INTERVAL ms: the process
 * may be killed at any moment.
 */
const FIRST_INTERVAL = 50;
const MAX_INTERVAL = 1000;

/** Package managers see NODE_OPTIONS first, and only start the application; so does `offloop run`. */
const starters = /[\\/](npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack|offloop)(-[\w.-]+)?(\.[cm]?js)?$/;
/** A pool's worker process, which exists to compute for long. */
const poolWorker = /[\\/]tinypool[\\/]dist[\\/]entry[\\/]process\.js$/;

if (isMainThread && isApplication(process.argv[1] ?? '')) shared('registered watchdog', start);

function isApplication(script: string): boolean {
  return !starters.test(script) && !poolWorker.test(script) && script !== fileURLToPath(new URL('./cli.js', import.meta.url));
}

function start(): Watchdog {
  const { settings: { report: path, ...others }, parentFd, problems } = takeEnvironment(process.env);
  const options = ownCopy<WatchdogOptions>(others);
  const { log = 'stderr' } = options;
  const reason = path === undefined ? undefined : whyNotWritable(path);
  if (reason !== undefined) problems.push(`OFFLOOP_REPORT: no report can be written: ${reason}`);
  for (const problem of problems) say(problem, log);
  const watchdog = new MainWatchdog(normalizeWatchdogOptions(options), parentFd);
  if (parentFd !== undefined) keepSendingState(watchdog, parentFd);
  // The watchdog's own handler was added first, and has read the last events of its thread by then.
  else process.on('exit', () => { sumUp(watchdog, log, path); });
  return watchdog;
}

function keepSendingState(watchdog: Watchdog, fd: number): void {
  const send = (): void => {
    const { since, until, capture, expected, lag } = watchdog.report();
    const message: ParentMessage = { state: { since, until, capture, expected, lag } };
    writeWhole(fd, `${JSON.stringify(message)}\n`);
  };
  const sendAndRepeat = (after: number): void => {
    send();
    setTimeout(sendAndRepeat, after, Math.min(MAX_INTERVAL, 2 * after)).unref();
  };
  sendAndRepeat(FIRST_INTERVAL);
  process.on('exit', send);
}

function sumUp(watchdog: Watchdog, log: 'stderr' | 'json' | false, path: string | undefined): void {
  const report = watchdog.report();
  if (report.stalls > 0) {
    if (log === 'json') writeWhole(2, `${JSON.stringify({ offloop: 'report', ...report })}\n`);
    else if (log === 'stderr') writeWhole(2, `\noffloop: ${report.toString()}\n`);
  }
  if (path === undefined) return;
  const { isWritten, text } = writeReport(path, report, process.pid);
  if (!isWritten || log !== false) say(text, log);
}

/** Writes to stderr even with `log: false`: these texts must not be missed. */
function say(text: string, log: 'stderr' | 'json' | false): void {
  new StallLog(log === false ? 'stderr' : log).notice(text);
}
