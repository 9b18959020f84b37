/*
 * Runs in a worker before tinypool's own entry (`--require`). tinypool asks for `process.memoryUsage()` after every task, while
 * the caller waits for the answer, and makes no use of it here. It reads the resident set size from /proc, which takes
 * longer than all the rest of the hop in the worker, and throws where there is no /proc. So tinypool gets an answer that
 * costs nothing, and entry.ts puts the real function back before any code of the user's runs.
 */
const { isMainThread, workerData } = require('node:worker_threads');

// Threads and processes that a task starts inherit the flag, and nobody would put theirs back.
if (isMainThread ? isTinypoolProcess() : Array.isArray(workerData) && workerData[1] === 'offloop') {
  globalThis[Symbol.for('offloop.memoryUsage')] = process.memoryUsage;
  process.memoryUsage = () => ({ heapUsed: 0 });
}

function isTinypoolProcess() {
  return process.env.TINYPOOL_WORKER_ID !== undefined && /[\\/]tinypool[\\/]dist[\\/]entry[\\/]process\.js$/.test(process.argv[1] ?? '');
}
