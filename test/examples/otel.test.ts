import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { runNode } from '../pool/helpers.ts';

const run = fileURLToPath(new URL('../../examples/otel/run.js', import.meta.url));

it('the trace of a request arrives in the collector, with the spans of the worker', async () => {
  const { code, stdout, stderr } = await runNode([run]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [head = '', ...tree] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^148933 primes, trace [0-9a-f]{32}$/);
  expect(tree.map((line) => line.replace(/ +\d+\.\d ms$/, ''))).toEqual([
    'GET /primes                    thread 0',
    '└─ offload primesBelow         thread 0',
    '   ├─ wait primesBelow         thread 0',
    '   └─ run primesBelow          thread 1',
    '      ├─ sieve                 thread 1',
    '      └─ count                 thread 1',
  ]);
});
