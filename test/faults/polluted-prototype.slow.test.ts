import { expect, it } from 'vitest';

import { runNode, runtimes, script } from '../pool/helpers.ts';

it.each(runtimes)('further values of a polluted Object.prototype change nothing of a round through the API on %s', async (runtime) => {
  const { code, stdout } = await runNode([script('pollutes.js'), runtime, 'yes,list,record']);
  expect(code).toBe(0);
  const { clean, ...polluted } = JSON.parse(stdout) as Record<string, string[]>;
  expect(polluted).toEqual({ yes: clean, list: clean, record: clean });
});
