import { test } from '../test.js';
import { nothing } from './helpers/not-there.js';

test('never gets as far', () => nothing());
