import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PERIOD_US = 100_000;
const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';

/**
 * Makes a cgroup with a CPU quota; undefined where this process may not. `fork` are the options of a child that is in the group before its
 * first line runs, so that the child finds the quota as in a container.
 *
 * @param {number} cpus
 * @returns {{ fork: import('node:child_process').ForkOptions, remove(): Promise<void> } | undefined}
 */
export function makeCgroup(cpus) {
  const isV2 = existsSync(join(V2, 'cgroup.controllers'));
  const folder = join(isV2 ? V2 : V1, `offloop-bench-${process.pid}`);
  try {
    mkdirSync(folder);
    if (isV2) writeFileSync(join(folder, 'cpu.max'), `${cpus * PERIOD_US} ${PERIOD_US}`);
    else writeV1(folder, cpus);
  } catch {
    remove(folder);
    return undefined;
  }
  return { fork: forkInto(folder), remove: () => removeWhenEmpty(folder) };
}

function writeV1(folder, cpus) {
  writeFileSync(join(folder, 'cpu.cfs_period_us'), `${PERIOD_US}`);
  writeFileSync(join(folder, 'cpu.cfs_quota_us'), `${cpus * PERIOD_US}`);
}

/** A shell joins the group and then becomes Node. */
function forkInto(folder) {
  return { execPath: '/bin/sh', execArgv: ['-c', `echo $$ > ${join(folder, 'cgroup.procs')} && exec "$0" "$@"`, process.execPath] };
}

async function removeWhenEmpty(folder) {
  for (let tries = 0; tries < 50 && readFileSync(join(folder, 'cgroup.procs'), 'utf8') !== ''; tries++) await sleep(20);
  remove(folder);
}

function remove(folder) {
  if (existsSync(folder)) rmdirSync(folder);
}
