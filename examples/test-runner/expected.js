/**
 * The outcome of each example test.
 *
 * @type {Record<string, import('./runner.js').Outcome>}
 */
export const expected = {
  'arithmetic.test.js › adds': 'passed',
  'arithmetic.test.js › adds later': 'passed',
  'arithmetic.test.js › adds wrongly': 'failed',
  'broken.test.js › (the file itself)': 'failed',
  'crashes.test.js › exits': 'crashed',
  'crashes.test.js › throws from a timer': 'crashed',
  'crashes.test.js › eats all memory': 'out of memory',
  'crashes.test.js › comes after them': 'passed',
  'globals.test.js › leaves a mess': 'passed',
  'globals.test.js › finds none of it': 'passed',
  'hangs.test.js › spins for ever': 'timed out',
  'hangs.test.js › waits for ever': 'timed out',
  'hangs.test.js › comes after them': 'passed',
};
