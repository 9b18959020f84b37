import { describe, expect, it } from 'vitest';

import { SharedObjectGuard } from '../../src/wire/shared-objects.ts';

function mayShareMessage(...values: unknown[]): boolean {
  const guard = new SharedObjectGuard();
  return values.map((value) => guard.add(value)).every(Boolean);
}

describe('values may share a message', () => {
  it.each<[string, () => unknown[]]>([
    ['when they are primitive', () => [1, 'a', null, undefined, 'a', 1n]],
    ['when they look the same, and are not', () => [{ a: [] }, { a: [] }]],
    ['when one refers to itself', () => { const one: Record<string, unknown> = {}; one.self = one; return [one, {}]; }],
    ['when one holds an object twice', () => { const part = {}; return [{ a: part, b: [part] }, {}]; }],
    ['when it is shared memory that they share', () => { const view = new Int32Array(new SharedArrayBuffer(4)); return [{ a: new Int32Array(view.buffer) }, { b: new Int32Array(view.buffer) }]; }],
  ])('%s', (_when, values) => {
    expect(mayShareMessage(...values())).toBe(true);
  });
});

describe('values must not share a message', () => {
  const part = { n: 1 };
  const buffer = new ArrayBuffer(8);

  it.each<[string, unknown[]]>([
    ['when they are one object', [part, part]],
    ['when they share a part, however deep', [{ a: [{ b: part }] }, { c: part }]],
    ['when a Map or a Set has it', [new Map([[part, 1]]), new Set([part])]],
    ['when a Map leads to it', [new Map([[1, part]]), [part]]],
    ['when they look at the same memory', [new Uint8Array(buffer), { b: new Uint16Array(buffer) }]],
    ['when nobody can tell: a proxy', [new Proxy({}, {}), 1]],
    ['when nobody can tell: a getter that throws', [{ get a() { throw new Error('no'); } }, 1]],
    ['when one is large', [Array.from({ length: 1001 }, () => ({})), 1]],
  ])('%s', (_when, values) => {
    expect(mayShareMessage(...values)).toBe(false);
  });
});
