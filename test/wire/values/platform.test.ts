import { createPool, NotCloneableError } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { makePlatform, platformKinds, readsStream, returnsIt, returnsPlatform, returnsStream } from '../../fixtures/context/values.js';
import { rejection, settled } from '../errors/rejection.ts';
import { runtimes } from '../../pool/helpers.ts';

const tagOf = (value: unknown): string => Object.prototype.toString.call(value);
const kept = new Set(['Blob', 'SharedArrayBuffer', 'view of shared memory', 'WebAssembly.Module', 'CryptoKey']);
// Before Node 24, a File would arrive as a Blob with no name.
if (Number(process.versions.node.split('.')[0]) >= 24) kept.add('File');

describe.each(runtimes)('to and from %s, a platform object', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  it.each(platformKinds)('arrives with its class, or is refused with its path: %s', async (kind) => {
    const value = await makePlatform(kind);
    const calls = [
      { call: pool.run(returnsIt, [{ value }]), path: 'args[0].value' },
      { call: pool.run(returnsPlatform, [kind]), path: 'result.value' },
    ];
    for (const { call, path } of calls) {
      if (runtime !== 'processes' && kept.has(kind)) {
        expect(tagOf((await settled(call)).value)).toBe(tagOf(value));
      } else {
        const error = (await rejection(call)) as NotCloneableError;
        expect(error).toBeInstanceOf(NotCloneableError);
        expect(error.path).toBe(path);
      }
    }
  });

  if (runtime === 'processes') {
    it('is refused in the transfer list too: a process takes memory only', async () => {
      const stream = new ReadableStream();
      expect(await rejection(pool.run(readsStream, [stream], { transfer: [stream] }))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'args[0]' });
      expect(await rejection(pool.run(returnsStream, [true]))).toMatchObject({ code: 'OFFLOOP_NOT_CLONEABLE', path: 'result' });
    });
  } else {
    it.each([true, false])('is transferred as the result itself: a stream, listed: %s', async (isListed) => {
      const stream = (await settled(pool.run(returnsStream, [isListed]))) as ReadableStream<string>;
      let text = '';
      for await (const chunk of stream) text += chunk;
      expect(text).toBe('abc');
    });

    it('is transferred as an argument: a stream', async () => {
      const stream = new ReadableStream<string>({ start(controller) { controller.enqueue('chunk'); controller.close(); } });
      expect(await settled(pool.run(readsStream, [stream], { transfer: [stream] }))).toBe('chunk');
    });

    it('that can only be transferred is refused with that advice', async () => {
      expect(await rejection(pool.run(readsStream, [new ReadableStream()]))).toMatchObject({ message: expect.stringMatching(/Transfer it: list it in `transfer`/) });
    });
  }
});
