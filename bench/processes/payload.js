// node payload.js '<pool>' '{ kind: cloned | numbers | transferred, ms }', forked: sends the median time of a call, in microseconds.
import { median } from '../measure.js';
import { startPool } from '../peers/index.js';

const LINES = 7100;
const NUMBERS = 1_000_000;
const BUFFER_BYTES = 16 * 2 ** 20;

const [pool, settings] = process.argv.slice(2);
const { kind, ms } = JSON.parse(settings);
const order = makeOrder();
const numbers = Array.from({ length: NUMBERS }, (_, i) => i % 1000 + 0.5);
const kinds = {
  cloned: { task: 'total', make: () => order, call: 'run', expected: 100 * LINES },
  numbers: { task: 'sum', make: () => numbers, call: 'run', expected: NUMBERS * 500 },
  transferred: { task: 'ends-of', make: makeBuffer, call: 'transfer', expected: 3 },
};
const { task, make, call, expected } = kinds[kind];
const started = await startPool(pool, { task });
await times(ms / 2);
process.send(median(await times(ms)));

async function times(ms) {
  const measured = [];
  for (const startedAt = performance.now(); performance.now() - startedAt < ms;) {
    const value = make();
    const sentAt = performance.now();
    const result = await started[call](value);
    measured.push((performance.now() - sentAt) * 1000);
    if (result !== expected) throw new Error(`Expected ${expected}, got ${result}`);
  }
  return measured;
}

function makeBuffer() {
  const bytes = new Uint8Array(BUFFER_BYTES);
  bytes[0] = 1;
  bytes[BUFFER_BYTES - 1] = 2;
  return bytes.buffer;
}

/** An argument of 1 MB as JSON. */
function makeOrder() {
  return { number: 'PO-2026-41503', currency: 'EUR', lines: Array.from({ length: LINES }, makeLine) };
}

function makeLine(_, i) {
  return { position: 10 * i, sku: `LM-${1000 + i}-BK`, description: 'LED desk lamp, 4000 K', quantity: 4, unit: 'pcs', cents: 25, deliveryDate: '2026-10-15' };
}
