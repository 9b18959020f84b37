import { expect } from 'vitest';

import { fixture, startServer, undisturbed, type Watched } from './watched.ts';

/** Sends requests one after the other; one of the requests blocks. */
export function requestEach(name: string, ids: readonly string[]): Promise<Watched> {
  return runServer(name, async (watched) => {
    for (const id of ids) await watched.request(id);
    await watched.stall();
  });
}

export async function expectNoStallDuring(name: string, through: (watched: Watched) => Promise<unknown>): Promise<void> {
  expectNoStall(await runServer(name, through));
}

/** Starts a server, passes it to `through`, and resolves once the process has ended. */
export function runServer(name: string, through: (watched: Watched) => Promise<unknown>): Promise<Watched> {
  return undisturbed(async () => {
    const watched = await startServer(fixture(`innocents/${name}`));
    await through(watched);
    await watched.stop();
    return watched;
  });
}

export function expectNoStall({ stalls, lines, report }: Watched): void {
  expect(stalls).toEqual([]);
  expect(lines.filter(({ offloop }) => offloop !== undefined)).toEqual([]);
  expect(report).toMatchObject({ stalls: 0, blockedMs: 0, capture: { mode: 'live' } });
}
