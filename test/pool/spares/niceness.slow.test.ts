import { execFile } from 'node:child_process';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { nicenessFor } from '../../../src/pool/spares/niceness.ts';
import { light, setsNiceness, spends } from '../../fixtures/burns.js';
import { script, workers } from '../helpers.ts';
import { burn, burningPool, until, warmPool } from './helpers.ts';

const isLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;
const own = getPriority();
/** The question of a machine of two threads. */
const by = nicenessFor(2, 2);

it('aged tasks keep more of the CPU the more of them there are, within bounds', () => {
  expect([nicenessFor(1, 2), nicenessFor(2, 2), nicenessFor(8, 2), nicenessFor(100, 2), nicenessFor(1, 64)]).toEqual([2, 4, 10, 10, 2]);
});

/** Runs the script as a user without privileges, or with a niceness. */
async function played(command: readonly string[], runtime: string, platform: string = process.platform, spareThreads = 2): Promise<any> {
  const [file, ...args] = [...command, process.execPath, script('niceness.js'), runtime, platform, String(spareThreads)];
  const { stdout, stderr } = await promisify(execFile)(file, args, { timeout: 25_000 });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const unprivileged = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const idle = { busy: 0, replaced: 0 };

describe.runIf(isLinux && isRoot).each(workers)('on Linux, with privileges, the priority of aged tasks on %s', (runtime) => {
  it('is lowered while a spare runs beside them, and raised when they end', async () => {
    const { pool, ids, open, heavy } = await burningPool({ runtime, maxThreads: 2 });
    expect(ids.map((id) => getPriority(id))).toEqual([own, own]);
    // The first spare may run when only one of the tasks has aged.
    await until(async () => {
      await pool.run(light, [1]);
      return ids.every((id) => getPriority(id) === own + by);
    });
    expect(pool.stats().workers.lowered).toBe(2);
    open();
    await heavy;
    await until(() => pool.stats().workers.busy === 0);
    expect(ids.map((id) => getPriority(id))).toEqual([own, own]);
    expect(pool.stats().workers.lowered).toBe(0);
  });

  it('is relative to the niceness that this process has', async () => {
    expect(await played(['nice', '-n', '5'], runtime)).toMatchObject({ own: own + 5, during: [by, by], afterwards: [0, 0], last: { lowered: 0, idle: 1 } });
  });

  it('is not touched elsewhere, where the number would name a process', async () => {
    for (const platform of ['darwin', 'win32']) {
      expect(await played([], runtime, platform)).toMatchObject({ during: [0, 0], loweredThen: 0, afterwards: [0, 0], heavyOn: [0, 0], last: { lowered: 0, idle: 1 } });
    }
  });
});

it.runIf(isLinux && isRoot)('a niceness that a task has given its own thread is lowered further, and comes back', async () => {
  const pool = await warmPool({ maxThreads: 1 });
  await pool.run(setsNiceness, [own + 7]);
  const { ids, open, heavy } = await burn(pool, 1);
  await pool.run(light, [1]);
  expect(ids.map((id) => getPriority(id))).toEqual([Math.min(19, own + 7 + nicenessFor(1, 1))]);
  open();
  await heavy;
  await until(() => pool.stats().workers.busy === 0);
  expect(ids.map((id) => getPriority(id))).toEqual([own + 7]);
});

describe.runIf(isLinux && isRoot).each(workers)('on Linux, without privileges, a lowered worker on %s', (runtime) => {
  it('stays lowered, serves heavy calls, is spared light ones, and ends by `idleTimeout`', async () => {
    expect(await played(unprivileged, runtime)).toEqual({
      own,
      during: [by, by],
      loweredThen: 2,
      afterwards: [by, by],
      stats: { ...idle, lowered: 2, idle: 3, started: 3 },
      lightOn: [0, 0, 0, 0, 0],
      heavyOn: [by, by],
      then: { ...idle, lowered: 2, idle: 3, started: 3 },
      // The one that is kept is the other one.
      last: { ...idle, lowered: 0, idle: 1, started: 3 },
    });
  });

  it('is one of at most as many as there are spares', async () => {
    expect(await played(unprivileged, runtime, 'linux', 1)).toMatchObject({ during: [by, 0], loweredThen: 1, afterwards: [by, 0], heavyOn: [by, 0], last: { lowered: 0, idle: 1 } });
  });
});

it('a worker whose thread has ended is not touched', async () => {
  const { pool, open, heavy } = await burningPool({ maxThreads: 2, isolate: true });
  await pool.run(light, [1]);
  open();
  await heavy;
  await until(() => pool.stats().workers.busy === 0);
  expect(pool.stats().workers.lowered).toBe(0);
  await pool.run(spends, [1]);
});
