import { readlinkSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { Aging } from '../../../src/pool/spares/aging.ts';
import { now } from '../../../src/node/clock.ts';

type Engine = Parameters<Aging['update']>[0];

const engine = (parts: { procFolder?: string; activeMs?(): number | undefined; cpuAtMessageEnd?(): number | undefined }): Engine =>
  ({ procFolder: undefined, activeMs: () => undefined, cpuAtMessageEnd: () => undefined, ...parts }) as unknown as Engine;

/** Looks at a task that has just begun, at several times. */
async function looks(engines: readonly Engine[]): Promise<(number | undefined)[]> {
  const aging = new Aging();
  const startedAt = now();
  const seen: (number | undefined)[] = [];
  for (const one of engines) {
    await after(30);
    aging.update(one, startedAt, 25, false);
    seen.push(aging.usedMs);
  }
  return seen;
}

it('without the kernel\'s counters, a thread ages by the activity of its event loop', async () => {
  const start = now();
  const [first, second] = await looks([...new Array(2)].map(() => engine({ activeMs: () => now() - start })));
  expect([first, second! > 20]).toEqual([undefined, true]);
  expect(await looks([...new Array(3)].map(() => engine({ activeMs: () => 5 })))).toEqual([undefined, undefined, undefined]);
});

it('where nothing tells, as of a process on other systems than Linux, a task ages by the clock', async () => {
  const [first, second] = await looks([engine({}), engine({})]);
  expect([first, second! > 20]).toEqual([undefined, true]);
});

it.runIf(process.platform === 'linux')('a worker that has just ended has not aged: the figures of two counters are not compared', async () => {
  const alive = engine({ procFolder: `/proc/${readlinkSync('/proc/thread-self')}` });
  expect(await looks([alive, engine({ activeMs: () => 1e9 }), engine({ activeMs: () => 1e9 })])).toEqual([undefined, undefined, undefined]);
});
