import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

import { node, type Running } from '../cli/processes.ts';

/** A line that an example writes: its thread, its request and its topic. */
interface Line {
  readonly thread: number;
  readonly requestId: string;
  readonly user: string;
  readonly limit: number;
  readonly message: string;
}

type Request = Pick<Line, 'requestId' | 'user' | 'limit'>;

interface Server extends Pick<Running, 'wrote'> {
  send(request: Request): Promise<Response>;
  /** Resolves with this many lines, from main thread and workers together. */
  lines(count: number): Promise<Line[]>;
}

/** Starts a server that ends with the test. */
export async function startServer(folder: string, flags: readonly string[] = []): Promise<Server> {
  const cwd = fileURLToPath(new URL(`../../examples/${folder}`, import.meta.url));
  const running = node([...flags, 'server.js'], { cwd, env: { NODE_ENV: 'development', NO_COLOR: '1' } });
  const lines = linesOf(running);
  const url = await running.wrote(/"url":"([^"]+)"/);
  return {
    wrote: running.wrote,
    send: ({ requestId, user, limit }) => fetch(`${url}/primes/${String(limit)}`, { headers: { 'x-request-id': requestId, 'x-user': user } }),
    lines,
  };
}

function linesOf({ process }: Running): Server['lines'] {
  const read: Line[] = [];
  const reader = createInterface({ input: process.stdout! });
  let onLine = (): void => {};
  reader.on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if ('limit' in line) read.push(line);
    onLine();
  });
  return (count) => new Promise((resolve) => {
    onLine = () => { if (read.length >= count) resolve(read); };
    onLine();
  });
}

/** Requests with their own id and limit each. They are sent at once, so the server works for many of them at the same time. */
export function requests(count: number): Request[] {
  return Array.from({ length: count }, (_, i) => ({ requestId: `checkout-${String(i + 1)}`, user: `user-${String(i % 5)}`, limit: 300_000 + i }));
}

/** Checks that the lines of a worker and of the main thread about the same work name the request that asked for the work. */
export function expectPairs(sent: readonly Request[], lines: readonly Line[]): void {
  expect(lines).toHaveLength(2 * sent.length);
  for (const request of sent) {
    // A worker's own stdout is relayed, so its line may come last.
    const [answered, counted] = lines.filter(({ limit }) => limit === request.limit).sort((one, other) => one.thread - other.thread);
    expect(answered).toMatchObject({ ...request, message: 'answered', thread: 0 });
    expect(counted).toMatchObject({ ...request, message: 'counted' });
    expect(counted?.thread).toBeGreaterThan(0);
  }
}
