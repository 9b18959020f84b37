import { syncCall } from '../report/sync-calls.ts';
import type { StallKind } from '../stall-kinds.ts';

/** The figures of a stall, over `spanMs`. */
export interface Evidence {
  /** Whether the thread answered at once, from JavaScript, or could not be asked at all. */
  readonly isAnswered: boolean;
  readonly call: string | undefined;
  readonly spanMs: number;
  readonly gcMs: number;
  /** Absent on operating systems without these figures. */
  readonly onCpuMs: number | undefined;
  readonly waitingMs: number | undefined;
  /** ms */
  readonly threshold: number;
}

/** Decides what caused the stall: a worker cures only some of the causes. */
export function classify(evidence: Evidence): StallKind {
  const { gcMs, spanMs, isAnswered } = evidence;
  if (gcMs >= spanMs / 2) return 'gc';
  return byScheduling(evidence) ?? byCall(evidence) ?? (isAnswered ? 'javascript' : 'native');
}

/** A thread that neither computes nor waits for a CPU is asleep: it waits for something else. */
function byScheduling({ onCpuMs, waitingMs, spanMs, threshold }: Evidence): StallKind | undefined {
  if (onCpuMs === undefined || waitingMs === undefined) return undefined;
  // Code that computed for longer than the threshold would have been a stall on an idle machine, too.
  if (waitingMs >= spanMs * 0.8 || (waitingMs >= spanMs / 2 && onCpuMs < threshold && spanMs >= threshold)) return 'starved';
  return spanMs - onCpuMs - waitingMs >= spanMs * 0.6 ? 'blocking-io' : undefined;
}

/** The kind of a synchronous call of Node's is known, even where the call handles interrupts between two of its steps. */
function byCall({ call }: Evidence): StallKind | undefined {
  return call === undefined ? undefined : syncCall(call)?.kind;
}
