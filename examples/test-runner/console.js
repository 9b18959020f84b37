import { writeSync } from 'node:fs';
import { format } from 'node:util';

import { testStore } from './context.js';

/** From now on each line that is logged says which test it belongs to, however deep inside of it that happens. */
export function logWithTest() {
  for (const method of ['log', 'info', 'warn', 'error', 'debug']) {
    console[method] = (...args) => write(format(...args));
  }
}

/** Past the streams of the worker, which lose what is in them when it crashes. */
function write(text) {
  const { file, test } = testStore.getStore();
  for (const line of text.split('\n')) writeSync(1, `[${file} › ${test}] ${line}\n`);
}
