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

const deeds = {
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
  'exits': (n) => process.exit(n % 256),
  'throws from a timer': (n) => {
    setTimeout(() => { throw new RangeError(`thrown by ${n}`); });
    return new Promise(() => {});
  },
  'spins until its timeout': () => { for (;;); },
};
