import { expect, it } from 'vitest';

import { ask, watched } from '../watchdog/processes.ts';

const paths = ['/', '/report.json', '/health', '/metrics'];

it('no text of offloop shows the content of a sensitive store, or the name of a key in the store', async () => {
  const child = watched('tells-all.js', { page: { port: 0 } });
  const { url } = await child.says('ready');
  await child.stderr(/stuck.*spinsUntilTold/);
  const ofPage = async (): Promise<string[]> => (await Promise.all(paths.map((path) => ask(url, path)))).map(({ body }) => body);
  const during = await ofPage();
  child.tell();
  const said: Record<string, string[]> = await child.says('said');
  const after = await ofPage();
  child.kill('SIGTERM');
  const { code, stdout, stderr } = await child.ended;
  const { secret, open } = JSON.parse(Buffer.from(child.said('words')[0], 'base64').toString()) as { secret: string; open: string };

  const all: Record<string, string[]> = { ...said, during, after, stdout: [stdout], stderr: [stderr] };
  const leaks = Object.entries(all).flatMap(([where, texts]) => texts.filter((text) => text.includes(secret)).map((text) => `${where}: ${around(text, secret)}`));
  expect(leaks).toEqual([]);
  expect(code).toBe(0);
  // All texts that could have shown the secret are there, and values that are no secret are shown.
  expect(said.errors!.filter((error) => error.startsWith('Not refused'))).toEqual([]);
  for (const [where, count] of Object.entries({ errors: 140, traces: 200, stalls: 4, warnings: 2, statistics: 6 })) expect([where, said[where]!.length >= count]).toEqual([where, true]);
  for (const texts of [said.errors!, said.stalls!, [during[1]!], [after[0]!], [after[1]!], [stderr]]) expect(texts.some((text) => text.includes(open))).toBe(true);
  expect(stderr).toContain('"session":"[sensitive]"');
}, 30_000);

function around(text: string, word: string): string {
  const at = text.indexOf(word);
  return text.slice(Math.max(0, at - 300), at + 100);
}
