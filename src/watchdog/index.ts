export { startWatchdog } from './main/watchdog.ts';
export type { Watchdog } from './main/watchdog.ts';
export type { PageOptions, WatchdogOptions } from './options.ts';
export type { Advice, Capture, Confidence, Frame, LagStats, Offender, ReportData, Stall, StallKind, WatchdogReport } from './types.ts';
