import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import { describe, expect, it, onTestFinished } from 'vitest';

import { block, blockUndisturbed, expectNamedAgain, expectRow, expectThirdParty, testEach, testEachOnFifo } from './blockers.ts';
import { fixture } from './watched.ts';

// Some blockers of each kind; the others are in blockers.slow.test.ts.
describe('says what blocks, whose request it is, and what to do, while it blocks', () => {
  testEach([
    ['loop-without-calls.js', 'javascript', 'live', 'spins', 'spins', 'offload'],
    ['loop-with-calls.js', 'javascript', 'live', 'digits|sumsUp', 'digits|sumsUp', 'offload', 'sumsUp'],
    ['after-an-await.js', 'javascript', 'live', 'blocksLater', 'blocksLater', 'offload'],
    ['regular-expression.js', 'javascript', 'live', 'validates', 'validates', 'offload', 'backtracking'],
    ['promise-flood.js', 'javascript', 'live', 'awaits', 'awaits', 'offload'],
    ['sort.js', 'native', 'at-return', 'sorts|handle', 'sorts|handle', 'offload'],
    ['json-parse-and-sum.js', 'native', 'at-return', 'parsesAndSums', 'parsesAndSums', 'offload'],
    ['pbkdf2-sync.js', 'native', 'at-return', 'hashes', 'hashes', 'use-async-api', 'pbkdf2Sync, promisify(pbkdf2), node:crypto'],
    ['gzip-sync.js', 'native', 'live', 'compresses', 'compresses', 'use-async-api', 'gzipSync, promisify(gzip), node:zlib'],
    ['atomics-wait.js', 'blocking-io', 'live', 'waits', 'waits', 'use-async-api', 'Atomics.waitAsync'],
    // The main thread cannot respond during a garbage collection, as during a native call.
    ['garbage.js', 'gc', 'live|at-return', 'litters|handle', 'litters|handle', 'reduce-garbage'],
  ]);
  testEachOnFifo([
    ['fifo.js', 'blocking-io', 'at-return', 'reads', 'reads', 'use-async-api', 'readFileSync, await readFile(, node:fs/promises'],
    ['exec-sync.js', 'blocking-io', 'at-return', 'converts', 'converts', 'use-async-api', 'execSync, promisify(exec), node:child_process'],
  ]);

  it('TypeScript, as its loader compiles it: the line of the source', async () => {
    const seen = await blockUndisturbed(fixture('blockers/typescript.ts'), { execArgv: ['--import', 'tsx'] });
    expectRow(['typescript.ts', 'javascript', 'live', 'weighs', 'weighs', 'offload'], seen);
  });

  it('third-party code, valibot: the dependency, and the function that called into it', () => expectThirdParty('valibot', 'checksWithValibot', '~run'));

  it('a task that runs inline: the task', async () => {
    const seen = await blockUndisturbed(fixture('blockers/inline-task.js'));
    expectRow(['inline-task.js', 'javascript', 'live', 'crunch', 'crunch', 'offload', 'task, crunch(…), crunch.inline'], seen);
    expect(seen.stalls[0]?.task).toBe('crunch');
  });
});

it('names a call without a trace when it blocks again: sort.js', () => expectNamedAgain(['sort.js', 'native', 'sorts']));

describe('blames no function', () => {
  const hasTaskset = process.platform === 'linux' && canRun('taskset', ['--version']);
  if (!hasTaskset && process.env.CI !== undefined) throw new Error('Starvation cannot be tested: there is no taskset.');

  it.skipIf(!hasTaskset)('starvation: add CPU (where there is a taskset to bring it about)', async () => {
    const cpu = /Cpus_allowed_list:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
    const { watched: { stalls }, scheduling } = await block(fixture('blockers/uses-cpu.js'), { under: ['taskset', '-c', cpu] }, async () => compete(cpu));
    expect(scheduling.waitingMs).toBeGreaterThan(scheduling.ms / 2);
    expect(stalls).not.toEqual([]);
    for (const { kind, advice } of stalls) expect([kind, advice.action]).toEqual(['starved', 'add-cpu']);
  });

  it.skipIf(process.platform === 'win32')('SIGSTOP, in the middle of a request: nothing to do (where there are signals)', async () => {
    const { watched: { stalls, lines } } = await block(fixture('innocents/waits-for-a-timer.js'), {}, async (watched) => {
      await watched.until('the work to begin', () => watched.lines.find(({ work }) => work === 'begun'));
      watched.kill('SIGSTOP');
      await setTimeout(400);
      watched.kill('SIGCONT');
    });
    expect(stalls).toMatchObject([{ kind: 'suspended', confidence: 'none', samples: [], context: {}, advice: { action: 'none' } }]);
    expect(stalls[0]).not.toHaveProperty('culprit');
    expect(lines.filter(({ offloop }) => offloop === 'stall')).toMatchObject([{ event: 'ended', kind: 'suspended' }]);
  });
});

/** Starts eight processes that spin on one CPU, for two seconds at most. */
function compete(cpu: string): void {
  for (let i = 0; i < 8; i++) {
    const child = spawn('taskset', ['-c', cpu, 'timeout', '2', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' });
    onTestFinished(() => { child.kill(); });
  }
}

function canRun(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
