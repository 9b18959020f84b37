import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

import { createPool, type Pool, type PoolOptions } from 'offloop';

import { countRunning } from '../fixtures/running.js';
import type { Answer } from './model-answers.ts';

/** A pool, and the records of all its calls. */
export class Subject {
  readonly pool: Pool;
  readonly options: PoolOptions;
  readonly log: string;
  counted = 0;
  failed = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'offloop-model-'));

  constructor(options: PoolOptions) {
    this.options = { abortGrace: 5, idleTimeout: 60_000, ...options };
    countRunning(options.maxThreads ?? NaN);
    this.pool = createPool(this.options);
    this.log = join(this.#folder, 'starts');
    writeFileSync(this.log, '');
  }

  /** How often each call was started since the last question. */
  starts(): Map<number, number> {
    const counts = new Map<number, number>();
    for (const line of readFileSync(this.log, 'utf8').split('\n')) if (line !== '') counts.set(Number(line), (counts.get(Number(line)) ?? 0) + 1);
    truncateSync(this.log);
    return counts;
  }

  async end(): Promise<void> {
    await within(this.pool.close({ drain: false }), 'close()');
    rmSync(this.#folder, { recursive: true });
  }
}

/** In ms. A call that has not settled by then counts as lost. */
export const LIMIT = 15_000;

export async function within<T>(promise: Promise<T>, what: string | (() => string)): Promise<T> {
  const timer = new AbortController();
  const limit = after(LIMIT, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`Not settled within ${LIMIT} ms: ${typeof what === 'string' ? what : what()}`);
  });
  limit.catch(() => {});
  try {
    return await Promise.race([promise, limit]);
  } finally {
    timer.abort();
  }
}

export function answerOf(promise: Promise<unknown>): Promise<Answer> {
  return promise.then((value) => ({ value }), (error: unknown) => ({ error }));
}
