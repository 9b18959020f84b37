import { AsyncLocalStorage } from 'node:async_hooks';
import { carry } from 'offloop';

/** @type {AsyncLocalStorage<{ ignoreCase?: boolean, logger?: object }>} */
export const settingsStore = new AsyncLocalStorage();

// A store's name is unique in the process, so it is the package's own. A logger cannot leave its thread.
carry(import.meta, settingsStore, { name: 'nearest-word', pick: ['ignoreCase'] });
