import { AsyncLocalStorage } from 'node:async_hooks';

import { carry, configure, createPool, offload } from 'offloop';

const store = new AsyncLocalStorage<{ tenant: string }>();
const carried = carry(import.meta, store, { name: 'request' });

// expected: a number, or a function of the arguments
offload(import.meta, function a() {}, { expected: 5 });
offload(import.meta, function b(n: number) { return n; }, { expected: (n: number) => n * 2 });
// @ts-expect-error a text instead of a number
offload(import.meta, function c() {}, { expected: '5' });
// @ts-expect-error a function that returns no number
offload(import.meta, function d() {}, { expected: () => 'long' });

// order and fairBy
createPool({ order: 'fifo', fairBy: { store: carried, key: 'tenant' } });
configure({ order: 'shortest-expected', fairBy: ({ name, args }) => (args.length > 0 ? name : undefined) });
// @ts-expect-error an order that does not exist
createPool({ order: 'lifo' });
// @ts-expect-error the store itself, and not what carry() returned
createPool({ fairBy: { store, key: 'tenant' } });
// @ts-expect-error the name of the property is missing
createPool({ fairBy: { store: carried } });
// @ts-expect-error a key that is an object
createPool({ fairBy: () => ({ tenant: 'a' }) });
