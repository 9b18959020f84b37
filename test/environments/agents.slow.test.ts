import { it } from 'vitest';

import { expectFineWith, expectOwnContext } from './agents.ts';

it.each([
  ['zone.js', 'processes'],
  ['bluebird as the global Promise', 'threads'],
  ['cls-hooked', 'processes'],
])('with %s, calls on %s have the right results, stores and errors, and the process ends', expectFineWith);

it('cls-hooked keeps its own context over a call on processes', () => expectOwnContext('processes'));
