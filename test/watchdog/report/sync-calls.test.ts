import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { syncCall, syncCalls, type Twin } from '../../../src/watchdog/report/sync-calls.ts';

const exempt: Record<string, string> = {
  'Socket.bindSync': 'dgram: a system call that waits for nothing',
  'Socket.connectSync': 'dgram: a system call that waits for nothing',
};

/** The first major version that has each function, even if only in later releases of that version. */
const since: Record<string, number> = {
  ...{ DatabaseSync: 22, StatementSync: 22, globSync: 22, zstdCompressSync: 22, zstdDecompressSync: 22 },
  ...{ argon2Sync: 24, mkdtempDisposableSync: 24, 'Utf8Stream.flushSync': 24 },
  ...{ openAsBlobSync: 26, createZipArchiveSync: 26, 'ZipEntry.createSync': 26, 'ZipFile.openSync': 26 },
};
const isMac = process.platform === 'darwin';
const major = Number.parseInt(process.versions.node);

describe('the table of synchronous calls', () => {
  it('has every *Sync name that this Node exports, but for those exempt', () => {
    const names = syncNames();
    expect(names.size).toBeGreaterThan(60);
    expect([...names].filter((name) => !syncCalls.has(name) && exempt[name] === undefined)).toEqual([]);
  });

  it('has no name that this Node lacks, but for those that came later', () => {
    const absent = [...syncCalls.keys()].filter((name) => typeof find(name) !== 'function');
    expect(absent.filter((name) => (since[name] ?? 0) < major)).toEqual(isMac ? [] : ['lchmodSync']);
  });

  const here = [...syncCalls.values()].flatMap(({ name, twin }) => (twin !== undefined && typeof find(name) === 'function' ? [{ name, twin }] : []));

  it.each(here)('shows a line that works in place of $name', async ({ name, twin }) => {
    const scope = createScope(name);
    try {
      const result = await run(name, twin, scope);
      if (isPure(name)) expect(result).toEqual(evaluate(`return sync(${args[name]!})`, { ...scope, sync: find(name) }));
      if (name === 'openSync') fs.closeSync(result as number);
      if (name === 'opendirSync') (result as fs.Dir).closeSync();
    } finally {
      scope.remove();
    }
  });
});

describe('syncCall()', () => {
  it.each([
    ['readFileSync', 'readFile', 'node:fs/promises'],
    ['Object.readFileSync', 'readFile', 'node:fs/promises'],
    ['Module.pbkdf2Sync', 'pbkdf2', 'node:crypto'],
    ['FileStore.readFileSync [as load]', 'readFile', 'node:fs/promises'],
    ['Object.syncBufferWrapper [as brotliCompressSync]', 'brotliCompress', 'node:zlib'],
    ['Dir.readSync', 'Dir.read', 'node:fs'],
    ['readSync', 'read', 'node:fs'],
    ['randomBytes', 'randomBytes', 'node:crypto'],
    ['Object.signOneShot [as sign]', 'sign', 'node:crypto'],
    ['signOneShot', 'sign', 'node:crypto'],
    ['Atomics.wait', 'Atomics.waitAsync', 'globalThis'],
  ])('knows %s by %s of %s', (name, twin, from) => {
    expect(syncCall(name)?.twin).toMatchObject({ name: twin, from });
    expect(syncCall(name)?.isExample).toBeUndefined();
  });

  it.each(['syncBufferWrapper', 'Module.syncBufferWrapper', 'zlibBufferSync'])('says that %s, which is all of node:zlib, is one of several', (name) => {
    expect(syncCall(name)).toMatchObject({ isExample: true, kind: 'native', twin: { from: 'node:zlib' } });
  });

  it('knows that every export of node:zlib is one wrapper', () => {
    const names = ['deflateSync', 'gzipSync', 'unzipSync', 'inflateSync', 'brotliCompressSync'] as const;
    expect(new Set(names.map((name) => zlib[name].name))).toEqual(new Set(['syncBufferWrapper']));
  });

  it.each(['DatabaseSync.exec', 'StatementSync.all'])('knows that %s has no asynchronous form', (name) => {
    expect(syncCall(name)).toBeDefined();
    expect(syncCall(name)?.twin).toBeUndefined();
  });

  it.each(['', '.', 'parse', 'JSON.parse', 'Sign.sign', 'Socket.bindSync', 'toString', '__proto__', '(anonymous)', 'new Parser', 'get length [as length]', 'a\nb'])(
    'knows nothing of %j',
    (name) => {
      expect(syncCall(name)).toBeUndefined();
    },
  );
});

function syncNames(): Set<string> {
  // Some versions of Node do not list the modules that exist only with the prefix `node:`.
  const modules = new Set([...builtinModules, 'node:sqlite', 'node:test', 'node:sea', 'node:ffi']);
  const names = new Set<string>();
  // Deprecated modules are left out: loading them prints a warning, and they are other modules under another name.
  for (const name of modules) if (!/^(_|sys$|punycode$)/.test(name)) collect(load(name), '', names, new Set());
  return names;
}

/** Collects the names from objects and classes; the class is part of a method's name. */
function collect(value: unknown, owner: string, names: Set<string>, seen: Set<unknown>): void {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return;
  seen.add(value);
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (key.endsWith('Sync')) names.add(`${owner}${key}`);
    if (key === 'prototype') collect(descriptor.value, owner, names, seen);
    else if (owner === '') collect(descriptor.value, typeof descriptor.value === 'function' ? `${key}.` : '', names, seen);
  }
}

function load(name: string): any {
  return process.getBuiltinModule(name as 'node:fs');
}

function find(name: string): any {
  const from = syncCalls.get(name)?.twin?.from ?? 'node:sqlite';
  return lookUp(from === 'node:fs/promises' ? 'node:fs' : from, name);
}

/** Finds a function, a static method or a method. */
function lookUp(from: string, name: string): any {
  const home = from === 'globalThis' ? globalThis : load(from);
  const [first = '', second] = name.split('.');
  if (second === undefined) return home?.[first];
  return home?.[first]?.[second] ?? home?.[first]?.prototype[second];
}

/** Runs exactly the line that the advice shows, with arguments in place of its `…`. */
async function run(name: string, { name: twin, from, how, line }: Twin, scope: object): Promise<unknown> {
  expect(lookUp(from, twin)).toBeTypeOf('function');
  const code = line.replace('…', () => args[name]!);
  const method = `return new Promise((resolve, reject) => { const callback = (error) => error ? reject(error) : resolve(); ${code} })`;
  const body = line.includes('callback') ? method : line.startsWith('await') ? `return ${code}` : how === 'stream' ? `${code} {}` : code;
  return await evaluate(body, { ...scope, [twin.split('.')[0]!]: lookUp(from, twin.split('.')[0]!) }, 'async');
}

function evaluate(body: string, scope: object, kind: 'async' | '' = ''): any {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the advice shows its code as text
  return new Function(...Object.keys(scope), `return (${kind} function () { ${body} })()`)(...Object.values(scope));
}

interface Scope extends Record<string, unknown> { remove(): void }

/** The variables that the arguments below name. */
function createScope(name: string): Scope {
  const folder = fs.mkdtempSync(join(tmpdir(), 'offloop-'));
  const at = (path: string): string => join(folder, path);
  const file = at('file.txt');
  fs.writeFileSync(file, 'some text');
  const fd = fs.openSync(file, 'r+');
  const receiver = createReceiver(name, folder, file);
  const remove = (): void => {
    fs.closeSync(fd);
    receiver.remove?.();
    fs.rmSync(folder, { recursive: true });
  };
  const values = { ...crypto.generateKeyPairSync('ed25519'), input: Buffer.from('aaaaaaaaaa'), ids: [process.getuid?.(), process.getgid?.()] };
  return { fs, zlib, crypto, promisify, once, ...values, folder, at, file, fd, ...receiver, remove };
}

/** The object on which the method is called. */
function createReceiver(name: string, folder: string, file: string): { dir?: fs.Dir; stream?: unknown; remove?(): void } {
  if (name === 'Dir.closeSync') return { dir: fs.opendirSync(folder) };
  if (name === 'Dir.readSync') {
    const dir = fs.opendirSync(folder);
    return { dir, remove: () => dir.closeSync() };
  }
  if (name !== 'Utf8Stream.flushSync') return {};
  const stream = new (load('node:fs').Utf8Stream)({ dest: file, sync: true });
  return { stream, remove: () => stream.destroy() };
}

const pureFs = ['readFileSync', 'readdirSync', 'realpathSync', 'readlinkSync', 'existsSync', 'accessSync'];
const pureCrypto = ['argon2Sync', 'checkPrimeSync', 'hkdfSync', 'pbkdf2Sync', 'scryptSync', 'sign', 'verify'];

function isPure(name: string): boolean {
  return [...pureFs, ...pureCrypto].includes(name) || /(flate|flateRaw|zip|brotliCompress|Decompress)Sync$/.test(name);
}

const args: Record<string, string> = {
  accessSync: 'file',
  appendFileSync: "file, 'more'",
  chmodSync: 'file, 0o600',
  chownSync: 'file, ...ids',
  copyFileSync: "file, at('copy')",
  cpSync: "file, at('copy')",
  lchmodSync: 'file, 0o600',
  lchownSync: 'file, ...ids',
  linkSync: "file, at('link')",
  lstatSync: 'file',
  lutimesSync: 'file, 0, 0',
  mkdirSync: "at('sub')",
  mkdtempSync: "at('sub-')",
  mkdtempDisposableSync: "at('sub-')",
  opendirSync: 'folder',
  readFileSync: 'file',
  readdirSync: 'folder',
  readlinkSync: "(fs.rmSync(at('link'), { force: true }), fs.symlinkSync(file, at('link')), at('link'))",
  realpathSync: 'file',
  renameSync: "file, at('moved')",
  rmSync: 'file',
  rmdirSync: "fs.mkdtempSync(at('empty-'))",
  statSync: 'file',
  statfsSync: 'folder',
  symlinkSync: "file, at('link')",
  truncateSync: 'file',
  unlinkSync: 'file',
  utimesSync: 'file, 0, 0',
  writeFileSync: "file, 'other'",
  existsSync: 'file',
  globSync: "'*', { cwd: folder }",
  openAsBlobSync: 'file',

  closeSync: 'fs.openSync(file)',
  fchmodSync: 'fd, 0o600',
  fchownSync: 'fd, ...ids',
  fdatasyncSync: 'fd',
  fstatSync: 'fd',
  fsyncSync: 'fd',
  ftruncateSync: 'fd',
  futimesSync: 'fd, 0, 0',
  openSync: 'file',
  readSync: 'fd, input, 0, 2, 0',
  readvSync: 'fd, [input]',
  writeSync: "fd, 'x'",
  writevSync: 'fd, [input]',
  'Dir.closeSync': '',
  'Dir.readSync': '',
  'Utf8Stream.flushSync': '',

  execSync: "'exit 0'",
  execFileSync: "process.execPath, ['--version']",
  spawnSync: "process.execPath, ['--version']",

  brotliCompressSync: 'input',
  brotliDecompressSync: 'zlib.brotliCompressSync(input)',
  deflateSync: 'input',
  deflateRawSync: 'input',
  gunzipSync: 'zlib.gzipSync(input)',
  gzipSync: 'input',
  inflateSync: 'zlib.deflateSync(input)',
  inflateRawSync: 'zlib.deflateRawSync(input)',
  unzipSync: 'zlib.gzipSync(input)',
  zstdCompressSync: 'input',
  zstdDecompressSync: 'zlib.zstdCompressSync(input)',
  createZipArchiveSync: '[]',
  'ZipEntry.createSync': "'a.txt', input",
  'ZipFile.openSync': "(fs.writeFileSync(at('a.zip'), Buffer.concat([...zlib.createZipArchiveSync([])])), at('a.zip'))",

  argon2Sync: "'argon2id', { message: 'secret', nonce: Buffer.alloc(16), parallelism: 1, tagLength: 16, memory: 64, passes: 1 }",
  checkPrimeSync: '7n',
  generateKeySync: "'hmac', { length: 64 }",
  generateKeyPairSync: "'ed25519'",
  generatePrimeSync: '16',
  hkdfSync: "'sha256', 'secret', 'salt', 'info', 8",
  pbkdf2Sync: "'secret', 'salt', 1, 8, 'sha256'",
  randomFillSync: 'Buffer.alloc(4)',
  scryptSync: "'secret', 'salt', 8, { N: 2 }",
  randomBytes: '4',
  sign: 'null, input, privateKey',
  verify: 'null, input, publicKey, crypto.sign(null, input, privateKey)',

  'Atomics.wait': 'new Int32Array(new SharedArrayBuffer(4)), 0, 1',
};
