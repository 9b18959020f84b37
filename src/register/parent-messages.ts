import type { ReportData, Stall } from '../watchdog/types.ts';

/** The part of a report that only the watched process knows. */
export type WatchdogState = Pick<ReportData, 'since' | 'until' | 'capture' | 'expected' | 'lag'>;

/**
 * A line of JSON from a watched process to `offloop run`. Stalls come from the monitor, while they last and once they are over; the
 * state comes from the main thread, and so proves that the event loop turns.
 */
export type ParentMessage = { readonly stall: Stall; readonly isOver: boolean } | { readonly state: WatchdogState };
