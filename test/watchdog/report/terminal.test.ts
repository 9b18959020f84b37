import { expect, test } from 'vitest';

import { shorten, width, wrap } from '../../../src/watchdog/report/terminal.ts';

test('what fits stays whole, what does not loses the side that matters less', () => {
  expect(shorten('validate.js:12', 14, 'end')).toBe('validate.js:12');
  expect(shorten('src/orders/validate.js:12', 17, 'end')).toBe('…s/validate.js:12');
  expect(shorten('src/orders/validate.js:12', 10, 'start')).toBe('src/order…');
  expect(shorten('validateAllOrders', 9, 'both')).toBe('vali…ders');
});

test('wide characters count twice, and none is cut in half', () => {
  expect(width('漢字 ok')).toBe(7);
  expect(shorten('漢字漢字', 6, 'start')).toBe('漢字…');
});

test('lines break between words, and inside a word only where that is longer than a line', () => {
  expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
  expect(wrap('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
});

test('code in backticks stays on one line where it fits', () => {
  expect(wrap('then run `node --a --b` again', 20)).toEqual(['then run', '`node --a --b` again']);
  expect(wrap('`node --a --b --c`', 10)).toEqual(['`node --a', '--b --c`']);
});
