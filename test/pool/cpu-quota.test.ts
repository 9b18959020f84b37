import { execFileSync } from 'node:child_process';

import { afterAll, describe, expect, it } from 'vitest';

import { readCpus } from '../../src/node/cpus/cpus.ts';
import { createCgroup } from '../node/cpus/real-cgroup.ts';
import { poolFor, script } from './helpers.ts';

it('stats() says what was found, as plain data of its own', () => {
  const pool = poolFor({});
  const { cpus } = pool.stats();
  expect(cpus.available).toBeGreaterThanOrEqual(1);
  expect(Object.keys(cpus)).toEqual(cpus.quota === undefined ? ['available'] : ['available', 'quota']);
  (cpus as { available: number }).available = 0;
  expect(pool.stats().cpus.available).not.toBe(0);
});

// The kernel lets few accounts make a control group. A machine for CI that lets this account make one must not skip the test.
const cgroup = createCgroup();
const isSkipped = typeof cgroup === 'string';
if (isSkipped) console.warn(`The CPU quota of a real control group was not tested (SKIPPED: ${cgroup}).`);
afterAll(() => { if (!isSkipped) cgroup.remove(); });

describe.skipIf(isSkipped)(`a process in a real control group${isSkipped ? ` (SKIPPED: ${cgroup})` : ''}`, () => {
  it.each([[1, 1], [0.25, 1]])('with a quota of %s finds it, and has %s thread, for which Node\'s own count need not be right', (quota, maxThreads) => {
    if (typeof cgroup === 'string') return;
    cgroup.setQuota(quota);
    expect(runIn(cgroup.processes)).toEqual({ quota: Math.min(quota, readCpus().quota ?? Infinity), maxThreads });
  });
});

/** The shell moves itself into the group, and becomes Node. */
function runIn(processes: string): unknown {
  const args = ['-c', 'echo $$ > "$0" && exec "$@"', processes, process.execPath, script('finds-its-quota.js')];
  return JSON.parse(execFileSync('/bin/sh', args, { encoding: 'utf8' }));
}
