import { AsyncLocalStorage } from 'node:async_hooks';

import { carry, currentTask, offload } from 'offloop';

/** Two stores, so that a store of another call is noticed. */
export const request = new AsyncLocalStorage();
export const tenant = new AsyncLocalStorage();
carry(import.meta, request, { name: 'request' });
carry(import.meta, tenant, { name: 'tenant' });

/** The tasks, and their arguments. */
export const works = offload(import.meta, function works(n, deed) {
  return deed === undefined ? ownAnswer(n) : deeds[deed](n);
});

function ownAnswer(n) {
  return `${n} ${request.getStore()?.id} ${tenant.getStore()}`;
}

const kept = [];
const KEPT_BYTES = 2 ** 26;

/** Longer than the pool takes to notice that a task has aged. */
const AGES_MS = 30;

/** Uses a CPU for so long that light calls behind it get a spare worker. */
function age() {
  for (const end = performance.now() + AGES_MS; performance.now() < end;);
}

const deeds = {
  'ages': (n) => {
    age();
    return ownAnswer(n);
  },
  'keeps much memory': (n) => {
    kept.push(Buffer.alloc(KEPT_BYTES));
    return ownAnswer(n);
  },
  'throws': (n) => { throw new RangeError(`thrown by ${n}`); },
  'throws null': () => { throw null; },
  'returns what cannot be cloned': (n) => ({ n, format: () => n }),
  'takes what cannot be cloned': () => 'was called all the same',
  'is aborted': () => new Promise((resolve) => { currentTask().signal.addEventListener('abort', resolve); }),
  'is aborted while it waits': () => new Promise((resolve) => { currentTask().signal.addEventListener('abort', resolve); }),
  'is aborted when it has aged': () => { for (const { signal } = currentTask(); !signal.aborted;); },
  'ages and throws': (n) => { age(); throw new RangeError(`thrown by ${n}`); },
  'ages and exits': (n) => { age(); process.exit(n % 256); },
  'ages and throws from a timer': (n) => { age(); return deeds['throws from a timer'](n); },
  'ages until its timeout': () => { for (;;); },
  'exits': (n) => process.exit(n % 256),
  'throws from a timer': (n) => {
    setTimeout(() => { throw new RangeError(`thrown by ${n}`); });
    return new Promise(() => {});
  },
  'spins until its timeout': () => { for (;;); },
};
