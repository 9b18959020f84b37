/*
 * Runs in a worker before tinypool's own entry (`--require`), and mends what can only be mended before that.
 */
const threads = require('node:worker_threads');

const { isMainThread, parentPort, receiveMessageOnPort, workerData } = threads;

// Threads and processes that a task starts inherit the flag, and nobody would put theirs back.
if (isMainThread ? isTinypoolProcess() : Array.isArray(workerData) && workerData[1] === 'offloop') {
  fakeMemoryUsage();
  if (!isMainThread) {
    filterParentPort();
    guardReads();
  }
}

/*
 * tinypool asks for `process.memoryUsage()` after every task, while the caller waits for the answer, and makes no use of it
 * here. It reads the resident set size from /proc, which takes longer than all the rest of the hop in the worker, and throws
 * where there is no /proc. So tinypool gets an answer that costs nothing, and entry.ts puts the real function back before any
 * code of the user's runs.
 */
function fakeMemoryUsage() {
  globalThis[Symbol.for('offloop.memoryUsage')] = process.memoryUsage;
  process.memoryUsage = () => ({ heapUsed: 0 });
}

function isTinypoolProcess() {
  return process.env.TINYPOOL_WORKER_ID !== undefined && /[\\/]tinypool[\\/]dist[\\/]entry[\\/]process\.js$/.test(process.argv[1] ?? '');
}

/*
 * tinypool expects one message on `parentPort`, and takes any other, a user's own (`worker.postMessage()`), for that. It sets
 * `process.__tinypool_state__` right before it begins to listen.
 */
function filterParentPort() {
  const { on } = parentPort;
  let isSetUp = false;
  parentPort.on = function (event, listener) {
    if (event !== 'message' || process.__tinypool_state__ === undefined) return on.call(this, event, listener);
    delete parentPort.on;
    return on.call(this, event, (message) => {
      if (isSetUp || typeof message?.port?.postMessage !== 'function') return;
      isSetUp = true;
      listener(message);
    });
  };
}

/*
 * While it is idle, tinypool reads its port by `receiveMessageOnPort()`, outside of any try: a message that is nested too deeply
 * for this thread's stack would end the worker. See tinypool-port.ts, which says for which port that is to be caught.
 */
function guardReads() {
  const guarded = (globalThis[Symbol.for('offloop.guardedReads')] = new WeakMap());
  threads.receiveMessageOnPort = {
    receiveMessageOnPort(port) {
      for (;;) {
        try {
          return receiveMessageOnPort(port);
        } catch (error) {
          const onUnread = guarded.get(port);
          if (onUnread === undefined) throw error;
          onUnread(error);
        }
      }
    },
  }.receiveMessageOnPort;
}
