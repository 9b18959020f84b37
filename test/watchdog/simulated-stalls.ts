import type { Frame, Stall } from '../../src/watchdog/types.ts';

const frame = (name: string): Frame => ({ function: name, file: '/app/src/app.js', line: 1, column: 1 });

/** A stall as the monitor tells of it, in a function of this name. */
export function stallIn(name: string, more: Partial<Stall> = {}): Stall {
  const culprit = frame(name);
  return {
    ...{ startedAt: 1, duration: 100, kind: 'javascript', confidence: 'live', culprit, boundary: culprit, samples: [[culprit, frame('handle')]], context: {} },
    advice: { action: 'offload', text: `Offload \`${name}\`.` },
    ...more,
  };
}

/** Ten causes that take half of all stalls between them, the first the worst, and 990 that come five times each. */
export function tenThousandStalls(random: () => number): Stall[] {
  const heavy = Array.from({ length: 10 }, (_, i) => Array.from({ length: 505 }, (_, n) => (
    stallIn(`heavy${i}`, { duration: Math.round((300 - 20 * i) * (1 + random() / 10)), context: { request: { id: n % (100 + i) } } })
  )));
  const noise = Array.from({ length: 990 }, (_, i) => Array.from({ length: 5 }, () => stallIn(`noise${i}`, { duration: 100 + Math.round(random() * 400) })));
  return shuffled([...heavy.flat(), ...noise.flat()], random).map((stall, i) => ({ ...stall, startedAt: 1000 * (i + 1) }));
}

/** The same numbers for the same seed: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(things: T[], random: () => number): T[] {
  for (let i = things.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [things[i], things[other]] = [things[other]!, things[i]!];
  }
  return things;
}
