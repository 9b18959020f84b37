import { carry } from 'offloop';

import { requestStore } from './plain-stores.js';

/** Whose call it is: the key for `fairBy` and `billBy`. */
export const carriedRequest = carry(import.meta, requestStore, { name: 'request' });

export { requestStore };
