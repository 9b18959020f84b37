import { AsyncLocalStorage } from 'node:async_hooks';
import { CLS_ID, ClsServiceManager } from 'nestjs-cls';
import { carry } from 'offloop';

export const cls = ClsServiceManager.getClsService();

/** The private store of nestjs-cls, reached through its public service. */
class ClsStore extends AsyncLocalStorage {
  getStore() {
    return cls.get();
  }

  run(store, fn, ...args) {
    return cls.runWith(store, () => fn(...args));
  }

  enterWith(store) {
    cls.enterWith(store);
  }
}

export const requestStore = new ClsStore();

// The store holds the request, whose socket cannot leave its thread. The store's id is under a symbol, and each thread has its
// own symbols: hence `encode` and `decode` in place of `pick`.
carry(import.meta, requestStore, {
  name: 'request',
  encode: (store) => ({ id: store[CLS_ID], user: store.user }),
  decode: ({ id, user }) => ({ [CLS_ID]: id, user }),
});
