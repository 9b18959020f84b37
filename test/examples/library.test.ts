import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { distance } from '../../examples/library/nearest-word/distance.js';
import { runNode } from '../pool/helpers.ts';

const run = fileURLToPath(new URL('../../examples/library/run.js', import.meta.url));

it('a library offloads its function to the pool of the application, with its own settings and the request', async () => {
  expect(await runNode([run])).toEqual({
    code: 0,
    stdout: [
      ...['pool shop: countWords', 'pool shop: nearest-word', 'pool shop: nearest-word'],
      // The same word is searched twice: as it is spelled, and without regard to case.
      ...['request r-1: 4 words', 'Oulu', 'OSLO', ''],
    ].join('\n'),
    stderr: '',
  });
});

it.each([['', '', 0], ['', 'abc', 3], ['kitten', 'sitting', 3], ['Osla', 'Oulu', 2], ['osla', 'oslo', 1]])('the distance from %j to %j is %i', (one, other, steps) => {
  expect([distance(one, other), distance(other, one)]).toEqual([steps, steps]);
});
