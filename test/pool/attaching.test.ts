import { describe, expect, it } from 'vitest';

import { Attaching } from '../../src/pool/attaching.ts';
import { withResolvers } from '../../src/with-resolvers.ts';

describe('the inspector attaches to threads', () => {
  it('only when those that are ending are gone', async () => {
    const attaching = new Attaching();
    const seen: string[] = [];
    const ended = withResolvers<undefined>();
    const end = attaching.end(async () => {
      await ended.promise;
      seen.push('ended');
    });
    const look = attaching.look(async () => { seen.push('looked'); });
    await turns();
    expect(seen).toEqual([]);
    ended.resolve(undefined);
    await Promise.all([end, look]);
    expect(seen).toEqual(['ended', 'looked']);
  });

  it('and none is ended meanwhile', async () => {
    const attaching = new Attaching();
    const seen: string[] = [];
    const looked = withResolvers<undefined>();
    const look = attaching.look(async () => {
      seen.push('looks');
      await looked.promise;
      seen.push('looked');
    });
    await turns();
    const end = attaching.end(async () => { seen.push('ended'); });
    await turns();
    expect(seen).toEqual(['looks']);
    looked.resolve(undefined);
    await Promise.all([look, end]);
    expect(seen).toEqual(['looks', 'looked', 'ended']);
  });

  it('one look after the other, whatever becomes of the first', async () => {
    const attaching = new Attaching();
    const first = attaching.look(async () => { throw new RangeError('no inspector'); });
    const second = attaching.look(async () => 'a stack');
    await expect(first).rejects.toThrow('no inspector');
    expect(await second).toBe('a stack');
  });

  it('never, where one does not end', async () => {
    const attaching = new Attaching();
    void attaching.end(() => new Promise(() => {}));
    expect(await attaching.look(async () => 'a stack')).toBe(undefined);
  });
});

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => { setImmediate(resolve); });
}
