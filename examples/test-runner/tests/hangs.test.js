import { test } from '../test.js';

test('spins for ever', function spinsForEver() {
  console.log('about to spin');
  for (;;);
});

test('waits for ever', () => new Promise(() => {}));

test('comes after them', () => {});
