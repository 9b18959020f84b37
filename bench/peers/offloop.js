import { createPool } from 'offloop';

/** With `defaults`, the pool chooses its threads itself, as a pool does that is created with no option. */
export async function start(name, threads, { map, pool: options, defaults = false } = {}) {
  const { default: task } = await import(`../tasks/offloaded/${name}.js`);
  const pool = createPool({ ...(!defaults && { minThreads: threads, maxThreads: threads }), maxQueue: 200_000, ...options });
  return {
    run: (value) => pool.run(task, [value]),
    transfer: (value) => pool.run(task, [value], { transfer: [value] }),
    map: (values) => pool.map(task, values, map).toArray(),
    stats: () => pool.stats(),
    end: () => pool.close(),
  };
}
