import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createPool } from 'offloop';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { commonjsStore, readCommonjsStore } from '../fixtures/context/commonjs.cjs';

const root = resolve(import.meta.dirname, '../..');
const entries = join(root, 'test/fixtures/context/entry');
const refused = 'EntryModuleError OFFLOOP_ENTRY_MODULE';

/** The output of `node …`, started in a folder. */
function node(args: readonly string[], { cwd = root, input = '' } = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, input, encoding: 'utf8' });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trim();
}

// The folder has `offloop` in node_modules, as an application has.
let app = '';
beforeAll(() => {
  app = mkdtempSync(join(tmpdir(), 'offloop an app#1%20-'));
  mkdirSync(join(app, 'node_modules'));
  symlinkSync(root, join(app, 'node_modules/offloop'), 'junction');
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
});
afterAll(() => { rmSync(app, { recursive: true, force: true }); });

describe('the module that started the process is refused', () => {
  it('in offload() and in carry()', () => {
    expect(node([join(entries, 'offloads-itself.js')])).toBe(refused);
    expect(node([join(entries, 'carries-itself.js')])).toBe(refused);
  });

  it('by a relative path', () => {
    expect(node(['offloads-itself.js'], { cwd: entries })).toBe(refused);
    expect(node(['./entry/../entry/offloads-itself.js'], { cwd: join(entries, '..') })).toBe(refused);
  });

  it('as CommonJS, with __filename', () => {
    expect(node([join(entries, 'requires-itself.cjs')])).toBe(refused);
  });

  it('as the index of a folder', () => {
    expect(node([entries])).toBe(refused);
    expect(node([`${entries}/`])).toBe(refused);
    expect(node(['.'], { cwd: entries })).toBe(refused);
  });

  it('without its extension', () => {
    expect(node([join(entries, 'index')])).toBe(refused);
    expect(node(['offloads-itself'], { cwd: entries })).toBe(refused);
  });

  it('as the `main` of a folder’s package.json', () => {
    mkdirSync(join(app, 'with-main/lib'), { recursive: true });
    writeFileSync(join(app, 'with-main/package.json'), '{ "type": "module", "main": "lib/server.js" }');
    copyFileSync(join(entries, 'offloads-itself.js'), join(app, 'with-main/lib/server.js'));
    expect(node(['.'], { cwd: join(app, 'with-main') })).toBe(refused);
    expect(node([join(app, 'with-main')])).toBe(refused);
  });

  it('in a folder whose name a URL has to escape', () => {
    copyFileSync(join(entries, 'offloads-itself.js'), join(app, 'server.js'));
    expect(node([join(app, 'server.js')])).toBe(refused);
    expect(node(['server.js'], { cwd: app })).toBe(refused);
  });

  // On Windows only some accounts may make symbolic links.
  it.skipIf(process.platform === 'win32')('through a symbolic link (not on Windows, which lets few accounts make one)', () => {
    copyFileSync(join(entries, 'offloads-itself.js'), join(app, 'real.js'));
    symlinkSync(join(app, 'real.js'), join(app, 'linked.js'));
    expect(node([join(app, 'linked.js')])).toBe(refused);
    expect(node(['--preserve-symlinks-main', join(app, 'linked.js')])).toBe(refused);
    symlinkSync(app, `${app}-linked`, 'junction');
    try {
      expect(node([`${app}-linked/real.js`])).toBe(refused);
    } finally {
      rmSync(`${app}-linked`);
    }
  });

  const code = `
    import { offload } from 'offloop';
    try { offload(import.meta, function work() {}); console.log('accepted') } catch (error) { console.log(error.name, error.code) }`;

  it('as code on the command line', () => {
    expect(node(['--input-type=module', '--eval', code])).toBe(refused);
  });

  it('as code from standard input', () => {
    expect(node(['--input-type=module'], { input: code })).toBe(refused);
    expect(node(['--input-type=module', '-'], { input: code })).toBe(refused);
  });

  it('with a message that names the call and the way out', () => {
    const script = code.replace('error.name, error.code', 'error.message');
    expect(node(['--input-type=module', '--eval', script])).toMatch(/^offload\('work'\) was called in file:.*, the module that started this process\. .*into a module of its own and import it from here\.$/);
  });
});

describe('another module is not refused', () => {
  it('merely for being next to the module that started the process', () => {
    const printed = node([join(entries, 'imports-its-neighbour.js')]);
    expect(printed.split('\n')).toEqual(['neighbour accepted', '{"request":"from the entry"}']);
  });

  it('for having the name of the entry in another folder', () => {
    mkdirSync(join(app, 'deeper'), { recursive: true });
    copyFileSync(join(entries, 'index.js'), join(app, 'deeper/index.js'));
    writeFileSync(join(app, 'index.js'), "import './deeper/index.js';");
    expect(node([join(app, 'index.js')])).toBe('accepted');
  });

  it('for lying in a folder that is named like code on the command line', () => {
    mkdirSync(join(app, '[eval]'), { recursive: true });
    copyFileSync(join(entries, 'index.js'), join(app, '[eval]/tasks.js'));
    writeFileSync(join(app, 'starts-eval.js'), "import './[eval]/tasks.js';");
    expect(node([join(app, 'starts-eval.js')])).toBe('accepted');
  });

  it('when a preload loads it', () => {
    copyFileSync(join(entries, 'index.js'), join(app, 'preloaded.js'));
    writeFileSync(join(app, 'nothing.js'), '');
    expect(node(['--import', pathToFileURL(join(app, 'preloaded.js')).href, join(app, 'nothing.js')])).toBe('accepted');
  });
});

it('a CommonJS module requires offloop, declares with __filename, and runs in a worker', async () => {
  await using pool = createPool({ maxThreads: 1 });
  expect(await commonjsStore.run({ id: 1 }, () => pool.run(readCommonjsStore, []))).toEqual({ id: 1 });
  expect(await pool.run(readCommonjsStore, [])).toBeUndefined();
  expect(readCommonjsStore.module).toMatch(/^file:.*\/commonjs\.cjs$/);
});
