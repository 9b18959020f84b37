import { createPool } from 'offloop';

export async function start(name, threads, mapOptions) {
  const { default: task } = await import(`../tasks/offloaded/${name}.js`);
  const pool = createPool({ minThreads: threads, maxThreads: threads, maxQueue: 200_000 });
  return {
    run: (value) => pool.run(task, [value]),
    transfer: (value) => pool.run(task, [value], { transfer: [value] }),
    map: (values) => pool.map(task, values, mapOptions).toArray(),
    end: () => pool.close(),
  };
}
