/*
 * Built-in modules that take a millisecond and more to load: most processes, and most workers, never need them.
 */

export function v8(): typeof import('node:v8') {
  return process.getBuiltinModule('node:v8');
}

export function assert(): typeof import('node:assert') {
  return process.getBuiltinModule('node:assert');
}
