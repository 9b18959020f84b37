import '../core.ts';
export { startWatchdog } from './main/watchdog.ts';
export type { PageOptions, WatchdogOptions } from './options.ts';
export type { StallKind } from './stall-kinds.ts';
export type { Advice, Capture, Confidence, Frame, LagStats, Offender, ReportData, Stall, Watchdog, WatchdogReport } from './types.ts';
