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
  'exits': (error, n) => error.code === 'OFFLOOP_WORKER_CRASHED' && error.exitCode === n % 256,
  'throws from a timer': (error, n) => error.code === 'OFFLOOP_WORKER_CRASHED' && (error.cause === undefined || error.cause.message === `thrown by ${n}`),
  'spins until its timeout': (error) => error.code === 'OFFLOOP_TIMEOUT',
};
const expected = { ...cheap, ...costly };

const CHEAP_ROUNDS = 4;
const rotation = [...Array.from({ length: CHEAP_ROUNDS }, () => Object.keys(cheap)).flat(), ...Object.keys(costly)];
/** One call in this many is faulty. */
const FAULTY = 100;
/** One call in this many leaves its worker so large that the worker is replaced. */
const LARGE = 5000;

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
  return n % LARGE === 1 ? [n, 'keeps much memory'] : [n];
}

function optionsFor(fault, n) {
  if (fault === 'spins until its timeout') return { options: { timeout: 2 } };
  if (!fault?.startsWith('is aborted')) return {};
  const controller = new AbortController();
  const abort = () => controller.abort(reasonOf(n));
  return { options: { signal: controller.signal }, begin: fault === 'is aborted' ? () => void setTimeout(abort, 2) : abort };
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
