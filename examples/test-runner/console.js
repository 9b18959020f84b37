import { writeSync } from 'node:fs';
import { format } from 'node:util';

import { testStore } from './context.js';

/** From now on, each logged line names its test, however deep inside the test the line is logged. */
export function logWithTest() {
  for (const method of ['log', 'info', 'warn', 'error', 'debug']) {
    console[method] = (...args) => write(format(...args));
  }
}

/** Writes past the streams of the worker, which lose their content when the worker crashes. */
function write(text) {
  const { file, test } = testStore.getStore();
  for (const line of text.split('\n')) writeSync(1, `[${file} › ${test}] ${line}\n`);
}
