import { process } from './intrinsics.ts';

/*
 * Built-in modules that are loaded on their first use: each takes a millisecond and more to load, and most processes and workers never
 * need them.
 */

const { getBuiltinModule } = process;

export function v8(): typeof import('node:v8') {
  return getBuiltinModule('node:v8');
}

export function assert(): typeof import('node:assert') {
  return getBuiltinModule('node:assert');
}

export function perfHooks(): typeof import('node:perf_hooks') {
  return getBuiltinModule('node:perf_hooks');
}

export function nodeModule(): typeof import('node:module') {
  return getBuiltinModule('node:module');
}
