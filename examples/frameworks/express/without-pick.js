// node --import ./without-pick.js server.js: shows the error of a call whose store travels without `pick`.
import { carry } from 'offloop';
import { requestStore } from './context.js';

carry(import.meta, requestStore, { name: 'everything' });
