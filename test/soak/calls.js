import { request, tenant, works } from './tasks.js';

/** The expected error of each fault. The costly faults end their worker, and another worker has to start. */
const cheap = {
  'throws': (error, n) => error.name === 'RangeError' && error.message === `thrown by ${n}`,
  'throws null': (error) => error === null,
  'returns what cannot be cloned': (error) => error.code === 'OFFLOOP_NOT_CLONEABLE' && error.path === 'result.format',
  'takes what cannot be cloned': (error) => error.code === 'OFFLOOP_NOT_CLONEABLE' && error.path === 'args[2]',
  'is aborted': isReason,
  'is aborted while it waits': isReason,
};
const costly = {
  'ages and throws': (error, n) => error.name === 'RangeError' && error.message === `thrown by ${n}`,
  'is aborted when it has aged': isReason,
  'ages and exits': (error, n) => error.code === 'OFFLOOP_WORKER_CRASHED' && error.exitCode === n % 256,
  'ages and throws from a timer': (error, n) => error.code === 'OFFLOOP_WORKER_CRASHED' && (error.cause === undefined || error.cause.message === `thrown by ${n}`),
  'ages until its timeout': (error) => error.code === 'OFFLOOP_TIMEOUT',
  'exits': (error, n) => error.code === 'OFFLOOP_WORKER_CRASHED' && error.exitCode === n % 256,
  'throws from a timer': (error, n) => error.code === 'OFFLOOP_WORKER_CRASHED' && (error.cause === undefined || error.cause.message === `thrown by ${n}`),
  'spins until its timeout': (error) => error.code === 'OFFLOOP_TIMEOUT',
};
const expected = { ...cheap, ...costly };

const CHEAP_ROUNDS = 4;
const rotation = [...Array.from({ length: CHEAP_ROUNDS }, () => Object.keys(cheap)).flat(), ...Object.keys(costly)];
/** One call in this many is faulty. */
const FAULTY = 100;
/** Every so many calls, one uses a CPU until it has aged. */
export const AGING = 700;
/** One call in this many leaves its worker so large that the worker is replaced. */
const LARGE = 5000;

/** Every so many calls, one has a priority of its own. */
const RANKED = 20;
/** Ms after which a call is aborted; otherwise at once. */
const delays = { 'is aborted': 2, 'is aborted when it has aged': 40 };

/** The fault of the nth call, if any. */
export function faultOf(n) {
  return n % FAULTY === FAULTY - 1 ? rotation[Math.floor(n / FAULTY) % rotation.length] : undefined;
}

export const faultNames = Object.keys(expected);

/** Makes the nth call and checks its response: returns undefined, or the problem. */
export async function call(pool, n) {
  const fault = faultOf(n);
  const store = { id: `request ${n}` };
  const ofTenant = `tenant ${n % 5}`;
  const { options, begin } = optionsFor(fault, n);
  try {
    const answering = request.run(store, () => tenant.run(ofTenant, () => pool.run(works, argsFor(fault, n), options)));
    begin?.();
    const value = await answering;
    return fault === undefined && value === `${n} ${store.id} ${ofTenant}` ? undefined : { n, fault, value };
  } catch (error) {
    return isRight(fault, error, n) ? undefined : { n, fault, error };
  }
}

function argsFor(fault, n) {
  if (fault === 'takes what cannot be cloned') return [n, fault, () => n];
  if (fault !== undefined) return [n, fault];
  if (n % AGING === 1) return [n, 'ages'];
  return n % LARGE === 2 ? [n, 'keeps much memory'] : [n];
}

function optionsFor(fault, n) {
  if (fault === 'spins until its timeout') return { options: { timeout: 2 } };
  if (fault === 'ages until its timeout') return { options: { timeout: 40 } };
  if (fault === undefined && n % RANKED === 3) return { options: { priority: (n % 3) - 1 } };
  if (!fault?.startsWith('is aborted')) return {};
  const controller = new AbortController();
  const abort = () => controller.abort(reasonOf(n));
  return { options: { signal: controller.signal }, begin: delays[fault] === undefined ? abort : () => void setTimeout(abort, delays[fault]) };
}

function reasonOf(n) {
  return `no longer wanted: ${n}`;
}

function isReason(error, n) {
  return error === reasonOf(n);
}

function isRight(fault, error, n) {
  try {
    return expected[fault](error, n);
  } catch {
    // The rejection is no error, or the call should not have rejected.
    return false;
  }
}
