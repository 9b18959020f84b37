import { toEpoch } from '../../node/clock.ts';
import { advise } from './advice.ts';
import type { StallKind } from '../stall-kinds.ts';
import type { Stall } from '../types.ts';

/** A stall of which only the beginning and the end are known, as instants of `now()`. */
export function unseenStall(began: number, ended: number, kind: StallKind): Stall {
  const stall: Omit<Stall, 'advice'> = {
    ...{ startedAt: toEpoch(began), duration: roundMs(ended - began) },
    ...{ kind, confidence: 'none', samples: [], context: {} },
  };
  return { ...stall, advice: advise(stall) };
}

/** The stall with its latest stack only, since twenty stacks are too many for a line of a log. */
export function brief(stall: Stall): Stall {
  return { ...stall, samples: stall.samples.slice(-1) };
}

export function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}
