import { FixedQueue, Piscina } from 'piscina';

export function start(name, threads, options) {
  const filename = new URL(`../tasks/${name}.js`, import.meta.url).href;
  const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads, taskQueue: new FixedQueue(), recordTiming: false, ...options });
  return {
    run: (value) => pool.run(value),
    transfer: (value) => pool.run(value, { transferList: [value] }),
    end: () => pool.destroy(),
  };
}
