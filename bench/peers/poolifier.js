import { fileURLToPath } from 'node:url';

import { FixedThreadPool } from 'poolifier';

const script = fileURLToPath(new URL('./workers/poolifier.js', import.meta.url));

export function start(name, threads, options) {
  const pool = new FixedThreadPool(threads, script, { workerOptions: { argv: [name] }, ...options });
  return {
    run: (value) => pool.execute(value),
    transfer: (value) => pool.execute(value, undefined, undefined, [value]),
    end: () => pool.destroy(),
  };
}
