import assert from 'node:assert';

import { test } from '../test.js';

test('leaves a mess', () => {
  globalThis.mess = 'left behind';
  process.env.MESS = 'left behind';
  Array.prototype.mess = 'left behind';
});

test('finds none of it', () => {
  assert.deepEqual([globalThis.mess, process.env.MESS, [].mess], [undefined, undefined, undefined]);
});
