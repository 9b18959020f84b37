import { syncCall } from '../report/sync-calls.ts';
import type { StallKind } from '../stall-kinds.ts';

/** What was seen of a stall, over `spanMs`. */
export interface Evidence {
  /** It was in JavaScript when it was asked, or could not be asked at all. */
  readonly isAnswered: boolean;
  readonly call: string | undefined;
  readonly spanMs: number;
  readonly gcMs: number;
  /** Absent where the operating system does not tell. */
  readonly onCpuMs: number | undefined;
  readonly waitingMs: number | undefined;
  /** ms */
  readonly threshold: number;
}

/** Which of the causes it was: only some of them are cured by a worker. */
export function classify(evidence: Evidence): StallKind {
  const { gcMs, spanMs, isAnswered } = evidence;
  if (gcMs >= spanMs / 2) return 'gc';
  return byScheduling(evidence) ?? byCall(evidence) ?? (isAnswered ? 'javascript' : 'native');
}

/** Of the time it was neither computing nor waiting for a CPU, it was asleep: it waited for something else. */
function byScheduling({ onCpuMs, waitingMs, spanMs, threshold }: Evidence): StallKind | undefined {
  if (onCpuMs === undefined || waitingMs === undefined) return undefined;
  // What has computed for longer than the threshold would have been a stall on an idle machine, too.
  if (waitingMs >= spanMs * 0.8 || (waitingMs >= spanMs / 2 && onCpuMs < threshold && spanMs >= threshold)) return 'starved';
  return spanMs - onCpuMs - waitingMs >= spanMs * 0.6 ? 'blocking-io' : undefined;
}

/** One of Node's synchronous calls is what it is, though it may look at interrupts between two steps. */
function byCall({ call }: Evidence): StallKind | undefined {
  return call === undefined ? undefined : syncCall(call)?.kind;
}
