import type { Frame, Stall } from '../../src/watchdog/types.ts';

const frame = (name: string): Frame => ({ function: name, file: '/app/src/app.js', line: 1, column: 1 });

/** A stall in a function of this name, as the monitor reports a stall. */
export function stallIn(name: string, more: Partial<Stall> = {}): Stall {
  const culprit = frame(name);
  return {
    ...{ startedAt: 1, duration: 100, kind: 'javascript', confidence: 'live', culprit, boundary: culprit, samples: [[culprit, frame('handle')]], context: {} },
    advice: { action: 'offload', text: `Offload \`${name}\`.` },
    ...more,
  };
}

/** Stalls of ten causes that share half of all stalls, the first cause being the worst, and of 990 causes with five stalls each. */
export function tenThousandStalls(random: () => number): Stall[] {
  const heavy = Array.from({ length: 10 }, (_, i) => Array.from({ length: 505 }, (_, n) => (
    stallIn(`heavy${i}`, { duration: Math.round((300 - 20 * i) * (1 + random() / 10)), context: { request: { id: n % (100 + i) } } })
  )));
  const noise = Array.from({ length: 990 }, (_, i) => Array.from({ length: 5 }, () => stallIn(`noise${i}`, { duration: 100 + Math.round(random() * 400) })));
  return shuffled([...heavy.flat(), ...noise.flat()], random).map((stall, i) => ({ ...stall, startedAt: 1000 * (i + 1) }));
}

/** Returns the generator mulberry32, which yields the same numbers for the same seed. */
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
