import { answer, claimOf } from './answer.js';
import { roundsPerCpuMs } from './calibrate.js';
import { ask } from './child.js';
import { interleave, pick, rowsOf, seeded, spread } from './measure.js';

const TASK_MS = 5;
const DEADLINE_MS = 100;
const THREADS = 2;
/** Twice as many calls as two threads can do. */
const LOAD = 2;
const NO_DEADLINE = 'offloop, no deadline';
const candidates = {
  offloop: { pool: 'offloop', deadlineMs: DEADLINE_MS },
  'tinypool, AbortSignal.timeout()': { pool: 'tinypool', deadlineMs: DEADLINE_MS },
  [NO_DEADLINE]: { pool: 'offloop' },
};

/** Twice as many calls as the pool can do, each with a deadline: how many still end in time, and how soon the others know. */
export async function admission({ isQuick }) {
  const settings = { rounds: Math.round(await roundsPerCpuMs() * TASK_MS), perSecond: LOAD * THREADS * 1000 / TASK_MS, ...slicesOf(isQuick) };
  const sent = await interleave(Object.fromEntries(Object.entries(candidates).map(([name, candidate]) => [name, measurer({ ...settings, ...candidate })])), isQuick ? 1 : 5);
  const rows = [...rowsOf(pick(sent, 'inTimePerSecond'), NO_DEADLINE, 'tasks/s').map((row) => ({ measured: 'calls that end in time, a second', ...row })), ...refusedRows(sent)];
  return answer('What becomes of twice as many calls as a pool can do, with a deadline of 100 ms?', rows, claims(rows));
}

function slicesOf(isQuick) {
  return isQuick ? { warmUpMs: 300, ms: 400 } : { warmUpMs: 1000, ms: 3000 };
}

function measurer({ pool, ...settings }) {
  return seeded((seed) => ask('processes/admission.js', [pool, JSON.stringify({ ...settings, seed })]));
}

function refusedRows(sent) {
  return Object.entries(sent).filter(([name]) => name !== NO_DEADLINE).map(([candidate, messages]) => {
    const { median: middle, 'middle half': half } = spread(messages.map(({ refusedAfter = NaN }) => refusedAfter), 2);
    return { measured: 'time until a call is refused, p50', candidate, unit: 'ms', median: middle, 'middle half': half };
  });
}

function claims(rows) {
  const [inTime, refused] = ['calls that end in time, a second', 'time until a call is refused, p50'].map((what) => rows.find(({ measured, candidate }) => measured === what && candidate === 'offloop'));
  return [
    claimOf(inTime, { what: 'twice as many calls as threads can do, deadline 100 ms: calls that end in time', than: 'of all that the threads can do', atLeast: 0.8 }),
    { what: 'the same: time until a call is refused, p50', value: refused.median, unit: 'ms', 'middle half': refused['middle half'], atMost: 5 },
  ];
}
