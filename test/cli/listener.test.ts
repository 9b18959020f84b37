import { expect, it } from 'vitest';

import { Listener } from '../../src/cli/listener.ts';
import type { WatchdogState } from '../../src/register/parent-messages.ts';
import type { Stall } from '../../src/watchdog/types.ts';

const state: WatchdogState = {
  ...{ since: 1000, until: 2000, capture: { mode: 'live' }, expected: { count: 2, ms: 300 } },
  lag: { count: 40, mean: 1, p50: 1, p99: 2, max: 3 },
};

function stall(startedAt: number, duration: number, rest: Partial<Stall> = {}): Stall {
  const frame = { function: `at${startedAt}`, file: '/app/app.js', line: 1, column: 1 };
  return { startedAt, duration, kind: 'javascript', confidence: 'live', culprit: frame, samples: [[frame]], context: {}, advice: { action: 'none', text: '' }, ...rest };
}

/** A listener that has received these messages: a stall that has ended, a stall that lasts, or the watchdog's state. */
function listenerOf(...lines: (Stall | { lasting: Stall } | typeof state)[]): Listener {
  const listener = new Listener();
  for (const line of lines) {
    listener.receive(JSON.stringify('since' in line ? { state: line } : 'lasting' in line ? { stall: line.lasting, isOver: false } : { stall: line, isOver: true }));
  }
  return listener;
}

const found = (listener: Listener): Record<string, number> => (
  Object.fromEntries(listener.report()!.offenders.map(({ culprit, totalMs }) => [culprit?.function, totalMs]))
);

it('counts a stall once, however many messages came while it lasted', () => {
  const listener = listenerOf(state, { lasting: stall(1000, 100) }, { lasting: stall(1000, 150) }, stall(1001, 180), state);
  expect(found(listener)).toEqual({ at1001: 180 });
});

it('counts a stall without an end as far as it was known', () => {
  const listener = listenerOf(state, { lasting: stall(1000, 100) }, stall(1000, 120), { lasting: stall(5000, 100) }, { lasting: stall(5000, 2000) });
  expect(found(listener)).toEqual({ at1000: 120, at5000: 2000 });
  expect(listener.worst?.duration).toBe(2000);
});

it('keeps a stall that began before the end of the last one was reported', () => {
  const listener = listenerOf(state, { lasting: stall(1000, 100) }, { lasting: stall(1200, 110) }, stall(1000, 200));
  expect(found(listener)).toEqual({ at1000: 200, at1200: 110 });
});

it('drops a stall that the watchdog has withdrawn', () => {
  expect(found(listenerOf(state, { lasting: stall(1000, 100) }, state))).toEqual({});
  expect(found(listenerOf(state, { lasting: stall(1000, 100) }, stall(2000, 120)))).toEqual({ at2000: 120 });
});

it('does not blame the program for a machine that slept, or had no CPU to spare', () => {
  const listener = listenerOf(state, stall(1000, 150), stall(2000, 9000, { kind: 'suspended' }), stall(12_000, 800, { kind: 'starved' }), stall(13_000, 120, { kind: 'gc' }));
  expect(listener.worst).toMatchObject({ startedAt: 1000 });
  expect(listener.report()?.stalls).toBe(4);
});

it('reports the last state that the program has sent', () => {
  const listener = listenerOf({ ...state, expected: { count: 0, ms: 0 } }, state);
  const { until: _, ...last } = state;
  expect(listener.report()).toMatchObject({ ...last, stalls: 0 });
  expect(listener.report()!.until).toBeGreaterThan(state.until);
});

it('reports that stacks can be captured once it has one', () => {
  const starting = { ...state, capture: { mode: 'starting' } } as const;
  expect(listenerOf(starting).report()?.capture.mode).toBe('starting');
  expect(listenerOf(starting, { lasting: stall(1000, 100) }).report()?.capture.mode).toBe('live');
});

it('has no report of a program that has sent nothing, and ignores half a line', () => {
  const listener = listenerOf();
  listener.receive('{"state":{"since":1');
  expect(listener.report()).toBeUndefined();
});
