import { expect } from 'vitest';

import { fixture, startServer, undisturbed, type Watched } from './watched.ts';

/** One after the other; one of them is the blocker. */
export function requests(name: string, ids: readonly string[]): Promise<Watched> {
  return drive(name, async (watched) => {
    for (const id of ids) await watched.request(id);
    await watched.stall();
  });
}

export async function expectNothing(name: string, through: (watched: Watched) => Promise<unknown>): Promise<void> {
  expectNoStall(await drive(name, through));
}

/** The process, once it has ended. */
export function drive(name: string, through: (watched: Watched) => Promise<unknown>): Promise<Watched> {
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
