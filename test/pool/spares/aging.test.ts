import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    aging.update(one, startedAt, 25);
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

/** The kernel's counters of a thread, for each look: ms on a CPU, and ms of waiting for one. Begins again where the machine has delayed a look. */
async function looksAt(counters: readonly (readonly [ran: number, waited: number])[]): Promise<(number | undefined)[]> {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-test-'));
  const aging = new Aging();
  const startedAt = now();
  const seen: (number | undefined)[] = [];
  for (const [ran, waited] of counters) {
    // The clock goes on by 30 ms, and a little more.
    await after(30);
    const at = now();
    const ms = (at - startedAt) / (30 * (seen.length + 1));
    writeFileSync(join(folder, 'schedstat'), `${String(Math.round(ran * ms * 1e6))} ${String(Math.round(waited * ms * 1e6))} 1\n`);
    aging.update(engine({ procFolder: folder }), startedAt, 25);
    if (now() - at > 2) return looksAt(counters);
    seen.push(aging.usedMs);
  }
  rmSync(folder, { recursive: true });
  return seen;
}

it('on a busy machine, a task that awaits something has not aged, though it waits for a CPU whenever it wakes up', async () => {
  expect(await looksAt([[2, 10], [3, 30], [4, 50], [5, 70]])).toEqual([undefined, undefined, undefined, undefined]);
});

it('on a busy machine, a task that never sleeps has aged, though it has a CPU for a small part of its time', async () => {
  const seen = await looksAt([[1, 29], [5, 55], [10, 80], [15, 105]]);
  expect(seen.map((ms) => ms !== undefined)).toEqual([false, false, true, true]);
});
