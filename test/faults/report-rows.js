/*
 * The faults of docs/faults.md: the tests that try each fault, and its name in test/faults/tinypool.js.
 */
export const rows = [
  { fault: '`process.exit()` in a task', outcome: 'WorkerCrashedError with the exit code', test: /process\.exit\(\d\) rejects/, peer: 'process.exit()' },
  { fault: 'an uncaught exception while the task runs', outcome: 'WorkerCrashedError with the exception as its cause', test: /an exception from a timer rejects/, peer: 'throws from a timer' },
  { fault: 'an unhandled rejection while the task runs', outcome: 'WorkerCrashedError with the reason as its cause', test: /an unhandled rejection rejects/, peer: 'leaves a rejection' },
  { fault: 'code that a finished task left running throws while another task runs', outcome: "the running task's own result; a warning names the finished task, and the worker is replaced", test: /fails by .* while another task runs/ },
  { fault: 'code that a finished task left running exits while another task runs', outcome: 'WorkerCrashedError that names the finished task', test: /exits while another task runs/ },
  { fault: 'code that a finished task left running ends an idle worker', outcome: 'nothing: a warning names the finished task', test: /ends the idle worker by/ },
  { fault: 'out of memory', outcome: 'WorkerOutOfMemoryError', test: /out of memory is an error/, peer: 'runs out of memory' },
  { fault: 'a worker process is killed, or aborts in native code', outcome: 'WorkerCrashedError with the signal', test: /a worker process that (is killed|aborts) rejects/, peer: 'is killed' },
  { fault: 'an infinite loop', outcome: 'TaskTimeoutError with the stack', test: /an infinite loop with a timeout/, peer: 'spins for ever' },
  { fault: 'a regular expression that backtracks for ever', outcome: 'TaskTimeoutError with the stack', test: /backtracks for ever/, peer: 'backtracks for ever' },
  { fault: 'a worker that never becomes ready', outcome: 'WorkerCrashedError after `startTimeout`', test: /never becomes ready/ },
  { fault: 'a worker that dies at its start, once or twice', outcome: "the task's own result", test: /ends before it is ready costs no call/ },
  { fault: 'workers that all die at their start', outcome: 'WorkerCrashedError with the cause after three tries; later calls at once, until a break is over', test: /after three tries/ },
  { fault: 'a module that throws when it is loaded, once', outcome: 'ModuleLoadError, and the next call works', test: /throws when it is first loaded/ },
  { fault: 'a module that always throws', outcome: 'ModuleLoadError', test: /module that always throws/, peer: 'is in a module that throws when it is loaded' },
  { fault: 'an argument that cannot be cloned, in a queue', outcome: 'NotCloneableError with the path', test: /argument that cannot be cloned rejects/, peer: 'takes what cannot be cloned, after it has waited' },
  { fault: 'a result that cannot be cloned', outcome: 'NotCloneableError with the path', test: /result that cannot be cloned/, peer: 'returns what cannot be cloned' },
  { fault: '`throw null`', outcome: 'rejects with null', test: /`throw null`/, peer: 'throws null' },
  { fault: 'a thrown value that cannot be cloned', outcome: 'rejects with a description of the value', test: /a thrown value that cannot be cloned/, peer: 'throws what cannot be cloned' },
  { fault: 'results, arguments and errors that are getters, proxies, revoked proxies, cyclic, huge, detached, thenables, tagged falsely', outcome: 'the value, or a typed error', test: /a task that, with / },
  { fault: 'keys such as `__proto__` and `constructor` in arguments, results, progress, errors and stores', outcome: 'they arrive as ordinary keys, and change no object', test: /keys that objects inherit/ },
  { fault: 'an object that throws, or lies, when it is read', outcome: 'its own error, or a typed error', test: /its own error or a typed error/ },
  { fault: 'stores that a task has entered, and code that it has left running in them', outcome: 'no other task sees them', test: /no task ever sees a store of another task/ },
  { fault: 'callers that outrun the workers by ten to one', outcome: 'the result, or QueueFullError at once; a call that expires in the queue is never started', test: /callers that outrun the workers/ },
];
