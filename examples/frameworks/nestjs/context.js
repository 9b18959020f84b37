import { AsyncLocalStorage } from 'node:async_hooks';
import { CLS_ID, ClsServiceManager } from 'nestjs-cls';
import { carry } from 'offloop';

export const cls = ClsServiceManager.getClsService();

/** The store of nestjs-cls, which is private, by way of its public service. */
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

// The store holds the request, whose socket cannot leave its thread. Its id is under a symbol, and each thread has symbols
// of its own: hence `encode` and `decode` in place of `pick`.
carry(import.meta, requestStore, {
  name: 'request',
  encode: (store) => ({ id: store[CLS_ID], user: store.user }),
  decode: ({ id, user }) => ({ [CLS_ID]: id, user }),
});
