/*
 * Runs in a worker before tinypool's own entry (`--require`), and repairs what can only be repaired before that. Each repair has a
 * row in the table of ../README.md.
 */
const threads = require('node:worker_threads');

const { isMainThread, parentPort, receiveMessageOnPort, workerData } = threads;

/* Left for entry.ts: see startup.ts. */
const startup = { memoryUsage: process.memoryUsage, port: undefined, listener: undefined, unreadListeners: new WeakMap() };

// Threads and processes that a task starts inherit the flag, but have no entry.ts that puts back what is replaced here.
if (isMainThread ? isTinypoolProcess() : isTinypoolThread()) {
  globalThis[Symbol.for('offloop.startup')] = startup;
  fakeMemoryUsage();
  if (isMainThread) noteListener();
  else {
    process.env.OFFLOOP_WORKER = String(workerData[1][1]);
    filterParentPort();
    guardReads();
  }
}

/*
 * tinypool calls `process.memoryUsage()` after every task, while the caller waits for the response, and its answer is not used here.
 * The real function reads the resident set size from /proc, which takes longer than all the rest of the hop in the worker, and throws
 * where there is no /proc. So tinypool gets an answer that costs nothing, and entry.ts puts the real function back before any of the
 * user's code runs.
 */
function fakeMemoryUsage() {
  process.memoryUsage = () => ({ heapUsed: 0 });
}

function isTinypoolThread() {
  return Array.isArray(workerData) && Array.isArray(workerData[1]) && workerData[1][0] === 'offloop';
}

function isTinypoolProcess() {
  return process.env.TINYPOOL_WORKER_ID !== undefined && /[\\/]tinypool[\\/]dist[\\/]entry[\\/]process\.js$/.test(process.argv[1] ?? '');
}

/*
 * The listener by which tinypool gets its tasks in a process.
 */
function noteListener() {
  replaceTinypoolsOn(process, (listener) => (startup.listener = listener));
}

/*
 * tinypool expects one message on `parentPort`, its startup message, and takes any other message, such as a user's own
 * (`worker.postMessage()`), for that. The startup message brings the port by which tinypool gets its tasks, so that port is known by
 * identity.
 */
function filterParentPort() {
  replaceTinypoolsOn(parentPort, (listener) => (message) => {
    if (startup.port !== undefined || typeof message?.port?.postMessage !== 'function') return;
    startup.port = message.port;
    listener(message);
  });
}

/*
 * Puts another listener for messages in the place of tinypool's. tinypool sets `process.__tinypool_state__` right before it adds its own.
 */
function replaceTinypoolsOn(emitter, replace) {
  const own = Object.getOwnPropertyDescriptor(emitter, 'on');
  const { on } = emitter;
  let isDone = false;
  emitter.on = function once(event, listener) {
    if (isDone || event !== 'message' || process.__tinypool_state__ === undefined) return on.call(this, event, listener);
    isDone = true;
    // An agent may have wrapped it meanwhile.
    if (emitter.on === once) {
      delete emitter.on;
      if (own !== undefined) Object.defineProperty(emitter, 'on', own);
    }
    return on.call(this, event, replace(listener));
  };
}

/*
 * While it is idle, tinypool reads its port by `receiveMessageOnPort()`, outside of any try: a message that is nested too deeply
  * for this thread's stack would end the worker. thread-port.ts registers the function that handles the error instead.
 */
function guardReads() {
  threads.receiveMessageOnPort = {
    receiveMessageOnPort(port) {
      for (;;) {
        try {
          return receiveMessageOnPort(port);
        } catch (error) {
          const onUnread = startup.unreadListeners.get(port);
          if (onUnread === undefined) throw error;
          onUnread(error);
        }
      }
    },
  }.receiveMessageOnPort;
}
