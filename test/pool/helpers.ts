import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createPool, type Pool, type PoolOptions, type RunOptions } from 'offloop';
import { expect, onTestFinished } from 'vitest';

import { waitsAt } from '../fixtures/gates.js';

type Runtime = NonNullable<PoolOptions['runtime']>;

/** Every runtime; the compiler names a missing one. */
export const runtimes = Object.keys({ threads: 0, processes: 0, inline: 0 } satisfies Record<Runtime, 0>) as Runtime[];
export const workers = ['threads', 'processes'] as const;

/** A pool that is closed when the test ends, whatever its state. */
export function poolFor(options: PoolOptions): Pool {
  const pool = createPool(options);
  onTestFinished(() => pool.close({ drain: false }));
  return pool;
}

/** A file that tasks wait for: unlike shared memory, processes see it, too. */
export function gate(): { path: string; open(): void; isOpen(): boolean } {
  const path = join(tmpdir(), `offloop-test-${randomUUID()}`);
  return { path, open: () => { writeFileSync(path, ''); }, isOpen: () => existsSync(path) };
}

/** Run options whose `started` resolves when the task reports progress for the first time. */
export function observed(options: RunOptions = {}): { options: RunOptions; started: Promise<void>; seen: unknown[] } {
  const seen: unknown[] = [];
  let onStart!: () => void;
  const started = new Promise<void>((resolve) => { onStart = resolve; });
  const onProgress = (value: unknown): void => {
    seen.push(value);
    onStart();
  };
  return { options: { ...options, onProgress }, started, seen };
}

/** Proves that the pool runs this many tasks at the same time: none of them ends before all have started. */
export async function expectCapacity(pool: Pool, count: number): Promise<void> {
  const all = gate();
  const calls = Array.from({ length: count }, (_, i) => {
    const { options, started } = observed();
    return { started, done: pool.run(waitsAt, [all.path, i], options) };
  });
  await Promise.all(calls.map(({ started }) => started));
  all.open();
  expect(await Promise.all(calls.map(({ done }) => done))).toEqual(calls.map((_, i) => i));
}

/** The reason of the promise's rejection. */
export async function rejection(promise: Promise<unknown>): Promise<any> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Expected a rejection.');
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of test/fixtures/scripts, or any arguments, under the Node that runs the tests. */
export function runNode(args: readonly string[], env: Record<string, string> = {}, timeout = 25_000): Promise<Ran> {
  const { NODE_OPTIONS = '', ...rest } = process.env;
  const options = { timeout, env: { ...rest, NODE_OPTIONS: NODE_OPTIONS.includes('async-context-frame') ? '--no-async-context-frame' : '', ...env } };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

export function script(name: string): string {
  return fileURLToPath(new URL(`../fixtures/scripts/${name}`, import.meta.url));
}
