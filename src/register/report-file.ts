import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import type { WatchdogReport } from '../watchdog/types.ts';

/** Why no report can be written to that path, asked before there is a report to lose. Undefined where it can. */
export function whyNotWritable(path: string): string | undefined {
  try {
    accessSync(dirname(path), constants.W_OK);
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory() === true) return `${path} is a folder`;
    if (existing !== undefined) accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Writes HTML or JSON, by the path's extension; `%p` in the path becomes the process id.
 * @returns a line for people: where the report is, or why there is none
 */
export function writeReport(path: string, report: WatchdogReport, pid: number): { isWritten: boolean; text: string } {
  const file = path.replaceAll('%p', String(pid));
  try {
    writeFileSync(file, /\.html$/i.test(file) ? report.toHTML() : `${JSON.stringify(report, null, 2)}\n`);
    return { isWritten: true, text: `the report is in ${file}` };
  } catch (error) {
    return { isWritten: false, text: `the report could not be written: ${(error as Error).message}` };
  }
}
