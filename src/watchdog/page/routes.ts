import type { PoolMetrics } from '../../shared/pool-stats.ts';
import type { SharedState } from '../protocol/shared-state.ts';
import type { Capture, ReportData, Stuck } from '../types.ts';
import { reportPage } from './html.ts';
import { metricsText, type StallCounters } from './metrics.ts';
import type { Routes } from './server.ts';

/** The data of the page, `/report.json`, `/health` and `/metrics`. */
export interface PageSource {
  readonly sharedState: SharedState;
  readonly counters: StallCounters;
  readonly capture: Capture;
  readonly pools: readonly PoolMetrics[];
  /** Undefined while the event loop turns. */
  readonly stuck: Stuck | undefined;
  /** Whether `expectBlock()` has announced the block that lasts. */
  readonly isExpected: boolean;
  report(): ReportData;
}

export function pageRoutes(source: PageSource): Routes {
  return {
    '/': () => ({ type: 'text/html', body: reportPage(source.report(), { live: true }) }),
    '/report.json': () => ({ type: 'application/json', body: JSON.stringify({ ...source.report(), stuck: stuckPlace(source) }) }),
    '/health': () => health(source),
    '/metrics': () => ({
      type: 'text/plain; version=0.0.4',
      body: metricsText(source.sharedState, source.counters, source.pools, source.stuck?.forMs ?? 0, source.capture),
    }),
  };
}

function health(source: PageSource): ReturnType<Routes[string]> {
  const stuck = stuckPlace(source);
  const [status, body] = source.sharedState.get('alive') === 0 ? [503, { status: 'starting' }] as const
    : stuck === null ? [200, { status: 'ok' }] as const
    : source.isExpected ? [200, { status: 'expected block', forMs: Math.round(stuck.forMs) }] as const
    // Whose request blocks is shown on the page only: a client that may ask for the health need not see that.
    : [503, { status: 'stuck', since: stuck.since, forMs: Math.round(stuck.forMs), where: stuck.where, kind: stuck.kind }] as const;
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}

function stuckPlace({ stuck }: PageSource) {
  if (stuck === undefined) return null;
  const { culprit, kind, context } = stuck.stall ?? {};
  const where = culprit === undefined ? undefined : `${culprit.function} (${culprit.file}:${culprit.line}:${culprit.column})`;
  return { since: stuck.since, forMs: stuck.forMs, where, kind, context };
}
