import { StallLog } from '../watchdog/report/log.ts';

/** Writes a line of offloop's own to stderr. */
export function say(text: string, log: 'stderr' | 'json'): void {
  new StallLog(log).notice(text);
}
