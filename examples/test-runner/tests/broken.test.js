import { test } from '../test.js';

test('never gets as far', () => {});

throw new Error('there is no database to test with');
