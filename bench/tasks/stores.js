import { carry } from 'offloop';

import { requestStore, traceStore } from './plain-stores.js';

carry(import.meta, requestStore, { name: 'request' });
carry(import.meta, traceStore, { name: 'trace' });

export { requestStore, traceStore };
