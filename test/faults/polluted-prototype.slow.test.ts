import { expect, it } from 'vitest';

import { runNode, runtimes, script } from '../pool/helpers.ts';

it.each(runtimes)('no value of a polluted Object.prototype changes a result of a round through the API on %s', async (runtime) => {
  const { code, stdout } = await runNode([script('pollutes.js'), runtime, 'text,number,function,yes,list,record']);
  expect(code).toBe(0);
  const { clean, ...polluted } = JSON.parse(stdout) as Record<string, string[]>;
  expect(polluted).toEqual({ text: clean, number: clean, function: clean, yes: clean, list: clean, record: clean });
});
