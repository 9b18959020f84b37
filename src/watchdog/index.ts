export { startWatchdog } from './watchdog.ts';
export type { Watchdog } from './watchdog.ts';
export type { PageOptions, WatchdogOptions } from './options.ts';
export type { Advice, Capture, Confidence, Frame, LagStats, Offender, ReportData, Stall, StallKind, WatchdogReport } from './types.ts';
