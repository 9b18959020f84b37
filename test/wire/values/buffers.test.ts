import { createPool } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { echo, follow, look, looksInside } from '../../fixtures/context/echoes.js';
import { returnsBuffer, tellsBuffer } from '../../fixtures/context/returns-buffers.js';
import { settled } from '../errors/rejection.ts';
import { runtimes } from '../../pool/helpers.ts';

describe.each(runtimes)('a Buffer stays a Buffer to and from %s', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  const bytes = Buffer.from('bytes');
  const places: Record<string, { value: unknown; keys: readonly (string | number)[] }> = {
    itself: { value: bytes, keys: [] },
    nested: { value: { list: [1, { bytes }] }, keys: ['list', 1, 'bytes'] },
    inMap: { value: new Map([['key', bytes]]), keys: ['key'] },
    deepInMap: { value: new Map([['key', { list: [bytes] }]]), keys: ['key', 'list', 0] },
    inSet: { value: new Set([bytes]), keys: [0] },
    deepInSet: { value: new Set([{ bytes }]), keys: [0, 'bytes'] },
  };

  it.each(Object.entries(places))('as an argument: %s', async (_where, { value, keys }) => {
    expect(await pool.run(looksInside, [value, keys])).toBe('Uint8Array Buffer');
  });

  it.each(Object.entries(places))('in a result: %s', async (where, { keys }) => {
    const bytes = follow(await settled(pool.run(returnsBuffer, [where])), keys);
    expect(`${look(bytes)} ${String(bytes)}`).toBe('Uint8Array Buffer bytes');
  });

  it.each(Object.entries(places))('in progress: %s', async (where, { keys }) => {
    const heard: unknown[] = [];
    await settled(pool.run(tellsBuffer, [where], { onProgress: (value) => heard.push(value) }));
    expect(heard.map((value) => `${look(follow(value, keys))} ${String(follow(value, keys))}`)).toEqual(['Uint8Array Buffer bytes']);
  });

  it('beside typed arrays, which stay typed arrays', async () => {
    const sent = { buffer: Buffer.from('b'), bytes: new Uint8Array([1, 2]) };
    expect(await pool.run(looksInside, [sent, ['buffer']])).toBe('Uint8Array Buffer');
    expect(await pool.run(looksInside, [sent, ['bytes']])).toBe('Uint8Array');
    expect(await pool.run(echo, [sent])).toStrictEqual(sent);
  });

  it('twice in the same message', async () => {
    const [one, other] = (await pool.run(echo, [bytes, { again: bytes }])) as any[];
    expect([look(one), look(other.again)]).toEqual(['Uint8Array Buffer', 'Uint8Array Buffer']);
  });

  it('under a key that would pollute', async () => {
    const value = JSON.parse('{"__proto__": {}}') as Record<string, Record<string, unknown>>;
    Object.defineProperty(value, '__proto__', { value: { bytes }, enumerable: true });
    const back = await pool.run(echo, [value]);
    expect(Object.getOwnPropertyDescriptor(back, '__proto__')?.value.bytes).toEqual(bytes);
    expect(({} as { bytes?: unknown }).bytes).toBeUndefined();
  });
});
