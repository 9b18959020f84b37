/**
 * The tests of this worker's one file, by their names.
 *
 * @type {Map<string, () => unknown>}
 */
export const tests = new Map();

/** The function that a test file calls. */
export function test(name, fn) {
  if (tests.has(name)) throw new Error(`There are two tests named '${name}'.`);
  tests.set(name, fn);
}
