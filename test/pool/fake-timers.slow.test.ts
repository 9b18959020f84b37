import { it } from 'vitest';

import { expectRealClock } from './fakes-the-clock.ts';

it.concurrent.each([['sinon', 'processes'], ['node:test', 'threads'], ['replaced', 'processes']])('a pool whose process has a faked clock uses the real clock: %s, %s', expectRealClock);
