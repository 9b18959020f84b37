/**
 * Each pool in the way that its own documentation recommends: `run` calls one of ../tasks, `transfer` hands its argument over.
 * The number of tasks that a thread takes at once is the best of 8, 32, 128 and 1,000 for trivial tasks. A pool is loaded only
 * when it is measured, because the modules of another pool cost time and memory, too.
 */
const table = {
  offloop: ['./offloop.js'],
  tinypool: ['./tinypool.js'],
  'tinypool, 128 at once': ['./tinypool.js', { concurrentTasksPerWorker: 128 }],
  piscina: ['./piscina.js'],
  'piscina, 128 at once': ['./piscina.js', { concurrentTasksPerWorker: 128 }],
  workerpool: ['./workerpool.js'],
  poolifier: ['./poolifier.js'],
  'poolifier, 1,000 at once': ['./poolifier.js', { enableTasksQueue: true, tasksQueueOptions: { concurrency: 1000 } }],
  'poolifier, tasks queue': ['./poolifier.js', { enableTasksQueue: true }],
  // Each of these candidates is for one question.
  'offloop, 64 at once': ['./offloop.js', { map: { concurrency: 64 } }],
  'offloop, defaults': ['./offloop.js', { defaults: true }],
  'offloop, spareThreads: 0': ['./offloop.js', { defaults: true, pool: { spareThreads: 0 } }],
  'no pool, only promises': ['./promises.js'],
};

/** The pools for tasks so short that several may share a thread. */
export const eager = ['tinypool', 'tinypool, 128 at once', 'piscina', 'piscina, 128 at once', 'workerpool', 'poolifier', 'poolifier, 1,000 at once'];
/** The pools for all other tasks. */
export const patient = ['tinypool', 'piscina', 'workerpool', 'poolifier', 'poolifier, tasks queue'];
/** poolifier's idle workers search for the tasks of other workers, at ever longer intervals, until Node warns about the timers. */
export const quiet = { execArgv: ['--disable-warning=TimeoutOverflowWarning'] };

/**
 * @param {string} name
 * @param {{ task: string, threads?: number }} settings
 * @returns {Promise<{ run(value: unknown): Promise<unknown>, transfer(value: ArrayBuffer): Promise<unknown>, map?(values: unknown[]): Promise<unknown[]>, stats?(): import('offloop').PoolStats, end(): Promise<void> }>}
 */
export async function startPool(name, { task, threads = 2 }) {
  const [file, options] = table[name];
  const { start } = await import(file);
  return start(task, threads, options);
}
