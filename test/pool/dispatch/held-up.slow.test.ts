import { it } from 'vitest';

import { expectNoTimeCounted } from '../is-stopped.ts';

it('a process that is stopped and its threads do not count the time', () => expectNoTimeCounted('threads'));
