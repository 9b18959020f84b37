import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';

// Only the implementation on async_hooks has the method `_enable`.
const context = '_enable' in AsyncLocalStorage.prototype ? 'async_hooks' : 'AsyncContextFrame';

// Vitest chooses the arguments and environment of the processes it forks: a lost flag would test the same thing twice.
assert.equal(`${process.version} ${context}`, process.env.EXPECT_RUNTIME);
