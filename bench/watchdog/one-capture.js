import { ask } from '../child.js';
import { spread } from '../measure.js';

/** The time that a probe takes from the watched thread. Most stalls that end before the threshold see only the first probe. */
export async function oneCapture({ isQuick }) {
  const processes = [];
  for (let round = 0; round < (isQuick ? 2 : 20); round++) processes.push((await ask('watchdog/captured.js', [])).costs);
  return [
    row('the first of a stall', processes.map(([first]) => first)),
    row('each further one', processes.flatMap(([, ...further]) => further)),
  ];
}

function row(which, values) {
  return { measured: `one capture, of the main thread's time: ${which}`, candidate: 'offloop watchdog', unit: 'ms', ...spread(values, 2), n: values.length };
}
