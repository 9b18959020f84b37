import { fileURLToPath } from 'node:url';

import { Tinypool } from 'tinypool';

export function start(name, threads, options) {
  const filename = fileURLToPath(new URL(`../tasks/${name}.js`, import.meta.url));
  const pool = new Tinypool({ filename, minThreads: threads, maxThreads: threads, ...options });
  return {
    run: (value, options) => pool.run(value, options),
    transfer: (value) => pool.run(value, { transferList: [value] }),
    end: () => pool.destroy(),
  };
}
