import { answer } from './answer.js';
import { roundsPerCpuMs } from './calibrate.js';
import { ask } from './child.js';
import { interleave, seeded, spread } from './measure.js';

const LIGHT_MS = 0.1;
const THREADS = 2;
/** The start of each task costs a little CPU, too: together they are half of a core. */
const HALF = 0.48;
/** The niceness that offloop gives a worker whose task has aged. */
const CHOSEN = 4;
const niceness = [0, 3, 4, 5, 6, 7, 10, 15, 19];

/** The heavy threads always compute. Two light threads compute always, too, or half of the time, so that they use half of two cores. */
const loads = {
  'light ones saturate 2 cores, 2 heavy': { heavy: 2, lightLoad: 1 },
  'light ones saturate 2 cores, 8 heavy': { heavy: 8, lightLoad: 1 },
  'light ones use half of 2 cores, 2 heavy': { heavy: 2, lightLoad: HALF },
  'light ones use half of 2 cores, 1 heavy': { heavy: 1, lightLoad: HALF },
};
const figures = {
  'CPU of the heavy ones': { unit: '%', digits: 1, of: ({ share }) => share * 100 },
  'heavy ones, wall time over CPU time': { unit: '×', digits: 2, of: ({ wall, heavyCpu }) => wall / heavyCpu },
  'light tasks a second': { unit: '/s', digits: 0, of: ({ lightPerSecond }) => lightPerSecond },
  'light tasks, p99': { unit: 'ms', digits: 2, of: ({ lightP99 }) => lightP99 },
  'cores that the light ones use': { unit: '', digits: 2, of: ({ lightCores }) => lightCores },
};

/**
 * How much CPU a thread keeps at each niceness, on bare worker threads: offloop chooses its niceness from this curve. The curve is
 * that of the kernel's scheduler, so it is measured on Linux alone.
 */
export async function nice({ isQuick }) {
  if (process.platform !== 'linux') return { notHere: 'only Linux has a niceness for each thread' };
  const rounds = Math.round(await roundsPerCpuMs() * LIGHT_MS);
  const rows = [];
  for (const [load, { heavy, lightLoad }] of Object.entries(loads)) {
    const settings = { heavy, light: lightOf(rounds, lightLoad), ...(isQuick ? { warmUpMs: 100, ms: 400 } : { warmUpMs: 300, ms: 1000 }) };
    rows.push(...rowsOf(load, await interleave(candidatesFor(settings, isQuick), isQuick ? 1 : 3)));
  }
  return answer('How much CPU does a thread keep at each niceness?', rows, claims(rows));
}

function lightOf(rounds, load) {
  return { threads: THREADS, rounds, ...(load < 1 && { perSecond: load * 1000 / LIGHT_MS }) };
}

function candidatesFor(settings, isQuick) {
  return Object.fromEntries((isQuick ? [0, CHOSEN] : niceness).map((n) => [`nice ${n}`, measurer({ ...settings, niceness: n })]));
}

function measurer(settings) {
  return seeded((seed) => ask('nice/threads.js', [JSON.stringify({ ...settings, seed })]));
}

function rowsOf(load, measured) {
  return Object.entries(figures).flatMap(([figure, { unit, digits, of }]) => Object.entries(measured)
    .filter(([, sent]) => of(sent[0]) !== undefined)
    .map(([candidate, sent]) => {
      const { median: middle, 'middle half': half } = spread(sent.map(of), digits);
      return { measured: `${load}: ${figure}`, candidate, unit, median: middle, 'middle half': half };
    }));
}

function claims(rows) {
  const chosen = (measured) => rows.find((row) => row.measured === measured && row.candidate === `nice ${CHOSEN}`);
  const claim = ({ unit, median: value, 'middle half': half }, more) => ({ unit, value, 'middle half': half, ...more });
  return [
    claim(chosen('light ones saturate 2 cores, 2 heavy: CPU of the heavy ones'), { what: `CPU that 2 heavy threads of nice ${CHOSEN} keep beside 2 light ones`, atLeast: 25 }),
    claim(chosen('light ones use half of 2 cores, 2 heavy: heavy ones, wall time over CPU time'), { what: 'the same, while the light ones use half of the CPU: how many times slower', atMost: 2 }),
  ];
}
