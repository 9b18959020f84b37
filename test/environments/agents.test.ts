import { it } from 'vitest';

import { expectFineWith, expectOwnContext } from './agents.ts';

// The other combinations are in agents.slow.test.ts.
it.each([
  ['zone.js', 'threads'],
  ['bluebird as the global Promise', 'processes'],
  ['cls-hooked', 'threads'],
])('with %s, calls on %s have the right results, stores and errors, and the process ends', expectFineWith);

it('cls-hooked keeps its own context over a call on threads', () => expectOwnContext('threads'));
