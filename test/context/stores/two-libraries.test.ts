import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runNode, runtimes } from '../../pool/helpers.ts';

const root = resolve(import.meta.dirname, '../../..');
let folder = '';

const declares = `
  import { AsyncLocalStorage } from 'node:async_hooks';
  import { capture, carry, offload } from 'offloop';
  export const store = new AsyncLocalStorage();
  export const carried = carry(import.meta, store, { name: 'session' });
  export const reads = offload(import.meta, function reads() { return store.getStore(); });
  export const captures = offload(import.meta, function captures() { return capture(); });
`;

/** Three copies of `sessions`, two of them of one version, and another package that uses the same name. */
const copies = { old: 'node_modules/sessions', new: 'node_modules/user/node_modules/sessions', same: 'node_modules/other-user/node_modules/sessions' };
const versions = { old: '1.0.0', new: '2.0.0', same: '2.0.0' };

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function writePackage(path: string, name: string, version: string): void {
  write(`${path}/package.json`, JSON.stringify({ name, version, type: 'module' }));
  write(`${path}/index.js`, declares);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'offloop-copies-'));
  for (const [copy, path] of Object.entries(copies)) writePackage(path, 'sessions', versions[copy as keyof typeof versions]);
  writePackage('node_modules/stranger', 'stranger', '1.0.0');
  symlinkSync(root, join(folder, 'node_modules/offloop'), 'junction');
  write('app.mjs', `
    import { capture, createPool, restore } from 'offloop';
    const [runtime, order, sent] = process.argv.slice(2);
    const paths = ${JSON.stringify(copies)};
    const loaded = {};
    for (const copy of order.split(',')) loaded[copy] = await import('./' + paths[copy] + '/index.js');
    const all = Object.entries(loaded);
    const within = (fn) => all.reduce((run, [copy, { store }]) => () => store.run('of ' + copy, run), fn)();
    const seen = () => Object.fromEntries(all.map(([copy, { store }]) => [copy, store.getStore()]).sort());
    const pool = createPool({ runtime, maxThreads: 1 });
    const tasks = await within(async () => Object.fromEntries(await Promise.all(all.map(async ([copy, { reads }]) => [copy, await pool.run(reads, [])]))));
    const each = Object.fromEntries(await Promise.all(all.map(async ([copy, { store, captures }]) => [copy, await store.run('of ' + copy, () => pool.run(captures, []))])));
    const back = Object.fromEntries(Object.entries(each).map(([copy, carrier]) => [copy, restore(carrier, seen)]));
    const only = Object.fromEntries(all.map(([copy, { carried }]) => [copy, within(() => restore(capture({ only: [carried] }), seen))]));
    await pool.close();
    const restored = sent === undefined ? undefined : restore(JSON.parse(sent), seen);
    console.log(JSON.stringify({ tasks, back, only, restored, carrier: within(() => capture()) }));
  `);
});
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

interface Answer {
  readonly tasks: unknown;
  readonly back: unknown;
  readonly only: unknown;
  readonly restored: unknown;
  readonly carrier: { readonly stores: Record<string, string>; readonly packages?: unknown };
}

async function run(...args: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await runNode([join(folder, 'app.mjs'), ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Answer;
}

const alone = (copy: string) => ({ [copy]: `of ${copy}` });

describe.each(runtimes)('copies of one library that declare the same name, on %s', (runtime) => {
  it('have each its own store in tasks and carriers, in whichever order they are loaded', async () => {
    const [one, other] = [await run(runtime, 'old,new,same'), await run(runtime, 'same,new,old')];
    const all = { new: 'of new', old: 'of old', same: 'of same' };
    for (const { tasks, back, only } of [one, other]) {
      const each = { new: alone('new'), old: alone('old'), same: alone('same') };
      expect({ tasks, back, only }).toEqual({ tasks: all, back: each, only: each });
    }
    expect(other.carrier.stores).toEqual(one.carrier.stores);
    expect(Object.keys(one.carrier.stores).sort()).toEqual([
      'session@sessions@1.0.0',
      'session@sessions@2.0.0 in node_modules/other-user/node_modules/sessions',
      'session@sessions@2.0.0 in node_modules/user/node_modules/sessions',
    ]);
    expect((await run(runtime, 'new,old,same', JSON.stringify(one.carrier))).restored).toEqual(all);
  });
});

describe('between processes', () => {
  it('a copy that is alone keeps its plain name, and is found among others', async () => {
    const { carrier } = await run('inline', 'new');
    expect(carrier).toEqual({ version: 1, stores: { session: '"of new"' }, packages: { session: 'sessions@2.0.0' } });
    expect((await run('inline', 'old,new', JSON.stringify(carrier))).restored).toEqual({ new: 'of new' });
    expect((await run('inline', 'new', JSON.stringify({ version: 1, stores: carrier.stores }))).restored).toEqual({ new: 'of new' });
  });

  it('another version of a package takes the only store that fits', async () => {
    const { carrier } = await run('inline', 'new');
    expect((await run('inline', 'old', JSON.stringify(carrier))).restored).toEqual({ old: 'of new' });
    const { carrier: both } = await run('inline', 'old,new');
    expect(Object.keys(both.stores)).toEqual(['session@sessions@1.0.0', 'session@sessions@2.0.0']);
  });
});

it('two packages of different names may not share a name, and are told what to do', async () => {
  write('both.mjs', "import './node_modules/sessions/index.js';\nimport './node_modules/stranger/index.js';\n");
  const { code, stderr } = await runNode([join(folder, 'both.mjs')]);
  expect(code).toBe(1);
  expect(stderr).toContain("carry('session'): the name is taken by a store declared in ");
  expect(stderr).toContain("of the package 'sessions'. Choose another name that begins with the name of your package: 'stranger.session'.");
});
