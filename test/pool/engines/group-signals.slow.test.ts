import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';

import { describe, expect, it, onTestFinished } from 'vitest';

import { fills } from '../../fixtures/moves.js';
import { add } from '../../fixtures/places.js';
import { gate, poolFor, rejection, runtimes, script } from '../helpers.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

describe.skipIf(process.platform === 'win32')('a signal to the whole process group (Windows has none)', () => {
  describe.each(runtimes)('and a pool of %s', (runtime) => {
    // Only worker processes get it, too.
    it.each(runtime === 'processes' ? signals : (['SIGTERM'] as const))('%s is the application\'s to decide: it drains, and what runs and waits finishes', async (signal) => {
      const app = start('drains-on-signal.js', [runtime, signal, gate().path, 'finish']);
      expect(await app.line()).toBe('started');
      app.signal(signal);
      expect(await app.line()).toBe('1 2 3 4');
      expect(await app.exit).toEqual([7, null]);
    });

    it('what is not done within the time for draining rejects, and the process ends by itself', async () => {
      const app = start('drains-on-signal.js', [runtime, 'SIGTERM', gate().path, 'never']);
      expect(await app.line()).toBe('started');
      app.signal('SIGTERM');
      expect(await app.line()).toBe(Array(4).fill('OFFLOOP_POOL_CLOSED').join(' '));
      expect(await app.exit).toEqual([7, null]);
    });
  });

  it.each(['SIGKILL', ...signals] as const)('%s that ends the application leaves no worker process behind, not even one in an endless loop', async (signal) => {
    const app = start('has-children.js');
    const pids = (await app.line()).split(' ').map(Number);
    expect(pids.map(isRunning)).toEqual([true, true, true]);
    // Nobody can do anything about a SIGKILL to all: here only the application gets it.
    if (signal === 'SIGKILL') app.child.kill(signal);
    else app.signal(signal);
    await app.exit;
    await expect.poll(() => pids.filter(isRunning), { timeout: 10_000 }).toEqual([]);
  });

  it.each(signals)('%s that ends a worker process before it is ready costs no task', async (signal) => {
    const { pool, boot } = slowPool();
    const call = pool.run(add, [1, 1]);
    process.kill(await boot(), signal);
    expect(await call).toBe(2);
    expect(pool.stats().workers).toMatchObject({ started: 2, crashed: 1 });
  });

  it('a task whose buffers are gone with such a process rejects', async () => {
    const { pool, boot } = slowPool();
    const buffer = new ArrayBuffer(8);
    const call = rejection(pool.run(fills, [buffer], { transfer: [buffer] }));
    process.kill(await boot(), 'SIGTERM');
    expect(await call).toMatchObject({ code: 'OFFLOOP_WORKER_CRASHED' });
    expect(await pool.run(add, [1, 1])).toBe(2);
  });
});

/** Its first worker process is never ready; `boot` tells which it is. */
function slowPool() {
  const { path } = gate();
  const slow = new URL('../../fixtures/boots-slowly.mjs', import.meta.url).href;
  const pool = poolFor({ runtime: 'processes', maxThreads: 1, execArgv: ['--import', slow], env: { OFFLOOP_TEST_BOOT: path } });
  const boot = async (): Promise<number> => {
    await expect.poll(() => textOf(path), { timeout: 10_000 }).not.toBe('');
    return Number(textOf(path));
  };
  return { pool, boot };
}

interface App {
  readonly child: ChildProcess;
  /** Code and signal. */
  readonly exit: Promise<unknown[]>;
  line(): Promise<string>;
  signal(signal: NodeJS.Signals): void;
}

/** A script in a process group of its own. */
function start(name: string, args: readonly string[] = []): App {
  const child = spawn(process.execPath, [script(name), ...args], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Interface = createInterface({ input: child.stdout });
  const iterator = lines[Symbol.asyncIterator]();
  onTestFinished(() => { child.kill('SIGKILL'); });
  return {
    child,
    exit: once(child, 'exit'),
    line: async () => String((await iterator.next()).value),
    signal: (signal) => { process.kill(-child.pid!, signal); },
  };
}

/** A process that has ended, and whose exit code has not been read yet, does not count. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !/\) [ZX] /.test(textOf(`/proc/${pid}/stat`));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
