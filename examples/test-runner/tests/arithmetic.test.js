import assert from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';

import { test } from '../test.js';
import { add } from './helpers/add.js';

test('adds', () => {
  assert.equal(add(1, 2), 3);
});

test('adds later', async () => {
  await sleep(10);
  assert.equal(add(2, 2), 4);
});

test('adds wrongly', () => {
  assert.equal(add(2, 2), 5);
});
