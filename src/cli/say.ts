import { StallLog } from '../watchdog/report/log.ts';

/** A line of our own on stderr. */
export function say(text: string, log: 'stderr' | 'json'): void {
  new StallLog(log).notice(text);
}
