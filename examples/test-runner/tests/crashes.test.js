import { test } from '../test.js';

test('exits', () => {
  console.log('about to exit');
  process.exit(3);
});

test('throws from a timer', () => new Promise(() => {
  setTimeout(() => {
    throw new RangeError('thrown by nobody in particular');
  });
}));

test('eats all memory', () => {
  const eaten = [];
  for (;;) eaten.push(new Array(100_000).fill(eaten.length));
});

test('comes after them', () => {});
