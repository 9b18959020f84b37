import type { ReportData, Stall } from '../watchdog/types.ts';

/** Of a report, what only the watched process knows. */
export type WatchState = Pick<ReportData, 'since' | 'until' | 'capture' | 'expected' | 'lag'>;

/**
 * A line of JSON from a watched process to `offloop run`. Stalls come from its watchdog's thread, while they last and
 * once they are over; the state comes from the main thread, and so proves that the loop turns.
 */
export type Told = { readonly stall: Stall; readonly isOver: boolean } | { readonly state: WatchState };
