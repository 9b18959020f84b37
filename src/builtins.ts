/*
 * Built-in modules that take a millisecond and more to load: most processes, and most workers, never need them.
 */

export function v8(): typeof import('node:v8') {
  return process.getBuiltinModule('node:v8');
}

export function assert(): typeof import('node:assert') {
  return process.getBuiltinModule('node:assert');
}

export function perfHooks(): typeof import('node:perf_hooks') {
  return process.getBuiltinModule('node:perf_hooks');
}

export function nodeModule(): typeof import('node:module') {
  return process.getBuiltinModule('node:module');
}
