import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

import { setTimeout } from '../node/clock.ts';
import { ownCopy } from '../node/own-properties.ts';
import { shared } from '../shared/shared.ts';
import { StallLog, writeWhole } from '../watchdog/report/log.ts';
import { normalizeWatchdogOptions, type WatchdogOptions } from '../watchdog/options.ts';
import { MainWatchdog } from '../watchdog/main/main-watchdog.ts';
import type { Watchdog } from '../watchdog/types.ts';
import { takeEnvironment } from './environment.ts';
import { whyNotWritable, writeReport } from './report-file.ts';
import type { Told } from './parent-messages.ts';

/** `offloop run` is told how the process is, which may be killed at any moment: after so many ms, and then ever less often. */
const FIRST_TELLING = 50;
const TELL_EVERY = 1000;

/** Package managers see NODE_OPTIONS first, and only start the application; `offloop run` does, too. */
const starters = /[\\/](npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack|offloop)(-[\w.-]+)?(\.[cm]?js)?$/;
/** To compute for long is what a worker is for. */
const poolWorker = /[\\/]tinypool[\\/]dist[\\/]entry[\\/]process\.js$/;

if (isMainThread && isApplication(process.argv[1] ?? '')) shared('registered watchdog', start);

function isApplication(script: string): boolean {
  return !starters.test(script) && !poolWorker.test(script) && script !== fileURLToPath(new URL('./cli.js', import.meta.url));
}

function start(): Watchdog {
  const { settings: { report: path, ...others }, tellTo, problems } = takeEnvironment(process.env);
  const options = ownCopy<WatchdogOptions>(others);
  const { log = 'stderr' } = options;
  const reason = path === undefined ? undefined : whyNotWritable(path);
  if (reason !== undefined) problems.push(`OFFLOOP_REPORT: no report can be written as it is now: ${reason}`);
  for (const problem of problems) say(problem, log);
  const watchdog = new MainWatchdog(normalizeWatchdogOptions(options), tellTo);
  if (tellTo !== undefined) keepTelling(watchdog, tellTo);
  // The watchdog has drained its thread by then: its own handler was there first.
  else process.on('exit', () => { sumUp(watchdog, log, path); });
  return watchdog;
}

function keepTelling(watchdog: Watchdog, fd: number): void {
  const tell = (): void => {
    const { since, until, capture, expected, lag } = watchdog.report();
    const line: Told = { state: { since, until, capture, expected, lag } };
    writeWhole(fd, `${JSON.stringify(line)}\n`);
  };
  const tellAgain = (after: number): void => {
    tell();
    setTimeout(tellAgain, after, Math.min(TELL_EVERY, 2 * after)).unref();
  };
  tellAgain(FIRST_TELLING);
  process.on('exit', tell);
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

/** What must be known is said even where nothing else is logged. */
function say(text: string, log: 'stderr' | 'json' | false): void {
  new StallLog(log === false ? 'stderr' : log).notice(text);
}
