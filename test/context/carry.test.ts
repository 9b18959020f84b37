import { AsyncLocalStorage } from 'node:async_hooks';
import { pathToFileURL } from 'node:url';

import { capture, carry, createPool, restore, type Carrier } from 'offloop';
import { describe, expect, it } from 'vitest';

const here = import.meta.filename;
const throughJson = (carrier: Carrier): Carrier => JSON.parse(JSON.stringify(carrier));
const als = () => new AsyncLocalStorage<any>();

describe('carry() refuses', () => {
  const cases: [what: string, act: () => unknown, says: RegExp][] = [
    ['no options', () => carry(import.meta, als(), undefined as never), /carry\(\): expected the options to be an object, got `undefined`/],
    ['no name', () => carry(import.meta, als(), {} as never), /the store needs a name: carry\(import\.meta, store, \{ name: 'request' \}\)/],
    ['an empty name', () => carry(import.meta, als(), { name: '' }), /expected `name` to be a non-empty string, got `''` \(string\)/],
    ['a name that is no text', () => carry(import.meta, als(), { name: Symbol('s') as never }), /`name`/],
    ['an unknown option', () => carry(import.meta, als(), { name: 'x', maxByte: 1 } as never), /there is no option `maxByte`\. The options are .*`maxBytes`/],
    ['an option that every object inherits', () => carry(import.meta, als(), { name: 'x', toString: 1 } as never), /there is no option `toString`/],
    ['a value that is no AsyncLocalStorage', () => carry(import.meta, new Map() as never, { name: 'x' }), /carry\('x'\): expected an AsyncLocalStorage, got `.*Map/],
    ['a look-alike that cannot be entered', () => carry(import.meta, { getStore: () => 1, run: () => 1 } as never, { name: 'x' }), /expected an AsyncLocalStorage/],
    ['no module', () => carry(new AsyncLocalStorage() as never, { name: 'x' } as never, undefined as never), /carry\(\): pass the module first.*carry\(import\.meta, store, /],
    ['no store at all', () => carry(import.meta, undefined as never, { name: 'x' }), /expected an AsyncLocalStorage, got `undefined`/],
    ['a store that is null', () => carry(import.meta, null as never, { name: 'x' }), /expected an AsyncLocalStorage, got `null`/],
    ['an empty pick', () => carry(import.meta, als(), { name: 'x', pick: [] }), /expected `pick` to be a non-empty array of keys/],
    ['a pick that is no list', () => carry(import.meta, als(), { name: 'x', pick: 'id' as never }), /`pick`/],
    ['pick together with encode', () => carry(import.meta, als(), { name: 'x', pick: ['a'], encode: (v) => v }), /`pick` or `encode`, not both/],
    ['an encode that is no function', () => carry(import.meta, als(), { name: 'x', encode: {} as never }), /expected `encode` to be a function/],
    ['a decode that is no function', () => carry(import.meta, als(), { name: 'x', decode: 'JSON.parse' as never }), /expected `decode` to be a function/],
    ['a schema that is no Standard Schema', () => carry(import.meta, als(), { name: 'x', schema: { parse: () => 1 } as never }), /expected `schema` to be a Standard Schema/],
    ['a schema whose ~standard is empty', () => carry(import.meta, als(), { name: 'x', schema: { '~standard': {} } as never }), /`schema`/],
    ['a maxBytes of 0', () => carry(import.meta, als(), { name: 'x', maxBytes: 0 }), /expected `maxBytes` to be a positive integer, got `0` \(number\)/],
    ['a maxBytes that is no number', () => carry(import.meta, als(), { name: 'x', maxBytes: '8192' as never }), /`maxBytes`/],
    ['a sensitive that is no boolean', () => carry(import.meta, als(), { name: 'x', sensitive: 'yes' as never }), /expected `sensitive` to be a boolean/],
    ['an http: module', () => carry('http://example.com/x.js', als(), { name: 'x' }), /carry\(\): expected the module to be `import\.meta`, a file: URL or an absolute path, got `'http:/],
    ['an https: URL', () => carry(new URL('https://example.com/x.js'), als(), { name: 'x' }), /expected the module to be/],
    ['a data: module', () => carry('data:text/javascript,1', als(), { name: 'x' }), /expected the module to be/],
    ['a node: module', () => carry('node:fs', als(), { name: 'x' }), /expected the module to be/],
    ['a relative path', () => carry('./store.js', als(), { name: 'x' }), /expected the module to be .*got `'\.\/store\.js'` \(string\)/],
    ['a bare name', () => carry('some-package', als(), { name: 'x' }), /expected the module to be/],
    ['an empty module', () => carry('', als(), { name: 'x' }), /expected the module to be/],
    ['a file: URL that is no path', () => carry('file:///a%2Fb%zz.js', als(), { name: 'x' }), /expected the module to be/],
    ['no module', () => carry(undefined as never, als(), { name: 'x' }), /expected the module to be/],
    ['an import.meta without a URL', () => carry({} as never, als(), { name: 'x' }), /expected the module to be/],
  ];
  // On Windows a URL with a host names a shared folder.
  if (process.platform !== 'win32') {
    cases.push(['a file: URL of another machine', () => carry('file://server/share/x.js', als(), { name: 'x' }), /expected the module to be/]);
  }

  it.each(cases)('%s', (_what, act, says) => {
    expect(act).toThrow(expect.objectContaining({ name: 'OptionError', code: 'OFFLOOP_OPTION' }));
    expect(act).toThrow(says);
  });

  it('a name that another store has, and leaves the other store as it was', () => {
    const first = als();
    carry(import.meta, first, { name: 'taken' });
    const act = () => carry(import.meta, als(), { name: 'taken' });
    expect(act).toThrow(expect.objectContaining({ name: 'DuplicateNameError', code: 'OFFLOOP_DUPLICATE_NAME' }));
    expect(act).toThrow(/carry\('taken'\): the name is taken by a store declared in file:.*carry\.test\.ts\. Choose another name\./);
    expect(first.run(1, () => capture().stores.taken)).toBe('1');
  });

  it('a name that a store of another module has', () => {
    carry('/somewhere/one.js', als(), { name: 'of one module' });
    expect(() => carry('/somewhere/another.js', als(), { name: 'of one module' })).toThrow(expect.objectContaining({ code: 'OFFLOOP_DUPLICATE_NAME' }));
  });
});

describe('carry()', () => {
  it('returns a record of the declaration, which nobody can change', () => {
    const store = als();
    const carried = carry(import.meta, store, { name: 'recorded' });
    expect(carried).toMatchObject({ name: 'recorded', module: import.meta.url, store, sensitive: false });
    expect(Object.isFrozen(carried)).toBe(true);
  });

  it.each<[string, Parameters<typeof carry>[0]]>([
    ['import.meta', import.meta],
    ['a file: URL', new URL(import.meta.url)],
    ['a file: URL as text', import.meta.url],
    ['an absolute path, as __filename is', here],
  ])('takes %s for the module', (what, module) => {
    expect(carry(module, als(), { name: `by ${what}` }).module).toBe(pathToFileURL(here).href);
  });

  it('takes a path with characters that a URL must escape', () => {
    const path = here.replace('carry.test.ts', 'a b#c?d%e.js');
    expect(carry(path, als(), { name: 'escaped' }).module).toBe(pathToFileURL(path).href);
  });

  it('takes a look-alike of AsyncLocalStorage, as a wrapper or another realm has', () => {
    const inner = als();
    const wrapper = {
      getStore: () => inner.getStore(),
      run: <R>(value: unknown, fn: () => R) => inner.run(value, fn),
      enterWith: (value: unknown) => { inner.enterWith(value); },
    };
    carry(import.meta, wrapper as never, { name: 'wrapper' });
    const carrier = wrapper.run(5, () => capture());
    expect(carrier.stores.wrapper).toBe('5');
    expect(restore(carrier, () => wrapper.getStore())).toBe(5);
  });

  it('neither changes the options nor changes when they are changed later', () => {
    const options = Object.freeze({ name: 'frozen options', pick: Object.freeze(['a']) });
    carry(import.meta, als(), options);
    const changed = { name: 'changed later', pick: ['a'] };
    const other = als();
    carry(import.meta, other, changed);
    changed.pick.push('b');
    expect(other.run({ a: 1, b: 2 }, () => capture().stores['changed later'])).toBe('{"a":1}');
  });

  it('may declare one store again, as a module that is evaluated in two forms does; the last declaration counts', () => {
    const store = als();
    carry(import.meta, store, { name: 'again' });
    carry(import.meta, store, { name: 'again', pick: ['a'] });
    expect(store.run({ a: 1, b: 2 }, () => capture().stores.again)).toBe('{"a":1}');
  });

  it.each(['__proto__', 'constructor', 'then', ' '])('takes any text for a name: %j', (name) => {
    const store = als();
    carry(import.meta, store, { name });
    const carrier = store.run('value', () => capture());
    expect(Object.keys(carrier.stores)).toEqual([name]);
    expect(restore(throughJson(carrier), () => store.getStore())).toBe('value');
  });
});

describe('a module that is evaluated again', () => {
  it('replaces its declarations: another import.meta of the same URL is another evaluation', () => {
    const [before, after] = [als(), als()];
    const evaluate = (store: AsyncLocalStorage<any>) => carry({ url: 'file:///app/reloaded.js' } as ImportMeta, store, { name: 'reloaded' });
    evaluate(before);
    evaluate(after);
    expect(after.run(2, () => before.run(1, () => capture().stores.reloaded))).toBe('2');
  });

  it('replaces its declarations, too, when it was imported once more with a query', async () => {
    const first = await import('../fixtures/context/evaluated-again.js');
    // The compiler cannot resolve this import.
    const again = '../fixtures/context/evaluated-again.js?again';
    const second = (await import(again)) as typeof first;
    expect(second.reloadedStore).not.toBe(first.reloadedStore);
    const seen = first.reloadedStore.run('old', () => second.reloadedStore.run('new', () => capture().stores['evaluated again']));
    expect(seen).toBe('"new"');
    await using pool = createPool({ maxThreads: 1 });
    expect(await second.reloadedStore.run('new', () => pool.run(second.readReloaded, []))).toBe('new');
  });
});

// Only the implementation on async_hooks has the method `_enable`; with this implementation a store has no default, or loses its default in every new scope.
const hasDefaults = !('_enable' in AsyncLocalStorage.prototype);

describe.runIf(hasDefaults)('a store with a default value (only where Node has AsyncContextFrame)', () => {
  const WithDefault = AsyncLocalStorage as unknown as new (options: { defaultValue: unknown }) => AsyncLocalStorage<any>;

  it('that nobody entered is absent, and its default is not hidden by a restore', () => {
    const store = new WithDefault({ defaultValue: 'the default' });
    carry(import.meta, store, { name: 'with default' });
    expect(capture().stores).not.toHaveProperty('with default');
    expect(restore(capture(), () => store.getStore())).toBe('the default');
    const carrier = store.run('entered', () => capture());
    expect(carrier.stores['with default']).toBe('"entered"');
    expect(store.run('outside', () => restore(carrier, () => store.getStore()))).toBe('entered');
  });

  it('that nobody entered has its default in a worker', async () => {
    const { defaultStore, readDefault } = await import('../fixtures/context/default-store.js');
    await using pool = createPool({ maxThreads: 1 });
    expect(await pool.run(readDefault, [])).toBe('the default');
    expect(await defaultStore.run('entered', () => pool.run(readDefault, []))).toBe('entered');
    expect(await pool.run(readDefault, [])).toBe('the default');
  });
});
