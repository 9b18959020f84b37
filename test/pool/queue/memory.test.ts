import { expect, it } from 'vitest';

import { runNode, script } from '../helpers.ts';

it('a waiting call takes at most 500 bytes of heap, also with keys', async () => {
  const { stdout } = await runNode(['--expose-gc', script('weighs-calls.js')]);
  const bytes = new Map(stdout.trim().split('\n').map((line) => line.split(' ') as [string, string]));
  expect([...bytes.keys()]).toEqual(['plain', 'fair']);
  for (const count of bytes.values()) expect(Number(count)).toBeLessThanOrEqual(500);
});
