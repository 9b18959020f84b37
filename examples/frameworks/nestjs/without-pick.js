// node --import ./without-pick.js server.js: what a call is refused with where the whole store is to travel.
import { carry } from 'offloop';
import { requestStore } from './context.js';

carry(import.meta, requestStore, { name: 'everything' });
