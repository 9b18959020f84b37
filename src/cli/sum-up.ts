import { writeReport } from '../register/report-file.ts';
import { writeWhole } from '../watchdog/report/log.ts';
import { culpritName, duration, place } from '../watchdog/page/client/format.js';
import { printable } from '../watchdog/report/terminal.ts';
import type { Stall, WatchdogReport } from '../watchdog/types.ts';
import type { RunCommand } from './arguments.ts';
import type { Listener } from './listener.ts';
import { say } from './say.ts';

/**
 * Prints the ranking, and writes the report.
 * @returns whether the run has failed: a stall was longer than `--fail-over` allows, or the report could not be written
 */
export function sumUp(listener: Listener, { log, report: path, failOver }: RunCommand, pid: number): boolean {
  const report = listener.report();
  if (report === undefined) {
    say('the program was not watched: its watchdog has sent nothing', log);
    return false;
  }
  print(report, log);
  const isLost = path !== undefined && !write(path, report, pid, log);
  const { worst } = listener;
  const isTooLong = failOver !== undefined && worst !== undefined && worst.duration > failOver;
  if (isTooLong) say(`failed: the event loop was blocked for ${duration(worst.duration)}, and --fail-over allows ${duration(failOver)}: ${nameOf(worst)}`, log);
  return isLost || isTooLong;
}

function print(report: WatchdogReport, log: 'stderr' | 'json'): void {
  if (log === 'json') writeWhole(2, `${JSON.stringify({ offloop: 'report', ...report })}\n`);
  else if (report.stalls > 0) writeWhole(2, `\noffloop: ${report.toString()}\n`);
  else writeWhole(2, `offloop: ${nothingSeen(report)}\n`);
}

/** A report without stalls says what was watched. */
function nothingSeen(report: WatchdogReport): string {
  if (report.lag.count === 0) return 'No stalls were looked for: the program ended before its event loop turned. Loading modules does not count.';
  return `${report.toString()}\nTime in which modules were loading does not count.`;
}

function write(path: string, report: WatchdogReport, pid: number, log: 'stderr' | 'json'): boolean {
  const { isWritten, text } = writeReport(path, report, pid);
  say(text, log);
  return isWritten;
}

function nameOf(stall: Stall): string {
  const { culprit } = stall;
  return printable(culprit === undefined ? culpritName(stall) : `${culpritName(stall)} (${place(culprit, process.cwd())})`);
}
