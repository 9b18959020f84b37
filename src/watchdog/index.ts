export { startWatchdog } from './main/watchdog.ts';
export type { Watchdog } from './main/watchdog.ts';
export type { PageOptions, WatchdogOptions } from './options.ts';
export type { Advice, Capture, Confidence, Frame, LagStats, Offender, ReportData, Stall, WatchdogReport } from './types.ts';
export type { StallKind } from './stall-kinds.ts';
