import type { StallKind } from '../stall-kinds.ts';

/** How the asynchronous twin answers. `stream`: chunk by chunk. `event`: by an event of the object that it returns. */
type Answer = 'promise' | 'callback' | 'stream' | 'event';

/** A synchronous function of Node, and what to call instead. */
export interface SyncCall {
  /** `readFileSync`, `Dir.readSync`. */
  readonly name: string;
  /** Whether the call computes or waits, for operating systems that cannot tell. */
  readonly kind: Extract<StallKind, 'native' | 'blocking-io'>;
  /** The asynchronous function that does the same; a call without such a function has to be offloaded. */
  readonly twin?: Twin;
  /** Whether the stack names the module only: `name` is then one of the functions that may have been called. */
  readonly isExample?: boolean;
}

export interface Twin {
  readonly name: string;
  readonly from: string;
  readonly how: Answer;
  /** The code to write: `await readFile(…)`. */
  readonly line: string;
}

/**
 * Finds the call by its name in a stack, which is not always the exported name: all functions that node:zlib exports are one wrapper.
 * A stack may also have the receiver (`Object.gzipSync`), and the name of the property (`Object.syncBufferWrapper [as gzipSync]`).
 */
export function syncCall(stackName: string): SyncCall | undefined {
  const { receiver, name, alias } = parse(stackName);
  const candidates = [alias, `${receiver}.${name}`, name.endsWith('Sync') || isPlain(receiver) ? name : '', receiver];
  return candidates.map((candidate) => syncCalls.get(candidate) ?? renamed.get(candidate)).find((call) => call !== undefined);
}

function parse(stackName: string): { receiver: string; name: string; alias: string } {
  const { receiver = '', name = '', alias = '' } = /^(?:(?<receiver>.+)\.)?(?<name>[^ .]*)(?: \[as (?<alias>.+)\])?$/.exec(stackName)?.groups ?? {};
  return { receiver, name, alias };
}

function isPlain(receiver: string): boolean {
  return ['', 'Object', 'Module', 'Function'].includes(receiver);
}

const table: readonly SyncCall[] = [
  ...family('blocking-io', 'promise', 'node:fs/promises', [
    ...['access', 'appendFile', 'chmod', 'chown', 'copyFile', 'cp', 'lchmod', 'lchown', 'link', 'lstat', 'lutimes', 'mkdir', 'mkdtemp'],
    ...['mkdtempDisposable', 'opendir', 'readFile', 'readdir', 'readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs'],
    ...['symlink', 'truncate', 'unlink', 'utimes', 'writeFile'],
  ]),
  {
    name: 'existsSync',
    kind: 'blocking-io',
    twin: { name: 'access', from: 'node:fs/promises', how: 'promise', line: 'await access(…).then(() => true, () => false)' },
  },
  ...family('blocking-io', 'stream', 'node:fs/promises', ['glob']),
  ...family('blocking-io', 'promise', 'node:fs', ['openAsBlob']),
  // These functions take or return a file descriptor, which node:fs/promises does not know.
  ...family('blocking-io', 'callback', 'node:fs', [
    ...['close', 'fchmod', 'fchown', 'fdatasync', 'fstat', 'fsync', 'ftruncate', 'futimes', 'open', 'read', 'readv', 'write', 'writev'],
  ]),
  ...['close', 'read'].map((name) => method('blocking-io', 'promise', 'node:fs', `Dir.${name}`, `await dir.${name}(…)`)),
  method('blocking-io', 'callback', 'node:fs', 'Utf8Stream.flush', 'stream.flush(callback)'),
  ...['execFile', 'exec'].map((name) => ({
    name: `${name}Sync`,
    kind: 'blocking-io' as const,
    twin: { name, from: 'node:child_process', how: 'callback' as const, line: `const { stdout } = await promisify(${name})(…)` },
  })),
  {
    name: 'spawnSync',
    kind: 'blocking-io',
    twin: { name: 'spawn', from: 'node:child_process', how: 'event', line: "const [code] = await once(spawn(…), 'close')" },
  },
  ...family('native', 'callback', 'node:zlib', [
    ...['brotliCompress', 'brotliDecompress', 'deflate', 'deflateRaw', 'gunzip', 'gzip', 'inflate', 'inflateRaw', 'unzip'],
    ...['zstdCompress', 'zstdDecompress'],
  ]),
  ...family('native', 'stream', 'node:zlib', ['createZipArchive']),
  method('native', 'promise', 'node:zlib', 'ZipEntry.create', 'await ZipEntry.create(…)'),
  method('blocking-io', 'promise', 'node:zlib', 'ZipFile.open', 'await ZipFile.open(…)'),
  ...family('native', 'callback', 'node:crypto', [
    ...['argon2', 'checkPrime', 'generateKey', 'generateKeyPair', 'generatePrime', 'hkdf', 'pbkdf2', 'randomFill', 'scrypt'],
  ]),
  // These functions are asynchronous when they get a callback.
  ...['randomBytes', 'sign', 'verify'].map((name) => ({ name, kind: 'native' as const, twin: twin(name, 'node:crypto', 'callback') })),
  {
    name: 'Atomics.wait',
    kind: 'blocking-io',
    twin: { name: 'Atomics.waitAsync', from: 'globalThis', how: 'promise', line: 'await Atomics.waitAsync(…).value' },
  },
  { name: 'DatabaseSync', kind: 'blocking-io' },
  { name: 'StatementSync', kind: 'blocking-io' },
];

/** By name. A test compares the table with the exports of the Node that runs it. */
export const syncCalls: ReadonlyMap<string, SyncCall> = new Map(table.map((call) => [call.name, call]));

const anyOfZlib: SyncCall = { ...syncCalls.get('gzipSync')!, isExample: true };

/** Names that a stack has in place of the exported name. */
const renamed: ReadonlyMap<string, SyncCall> = new Map([
  ['syncBufferWrapper', anyOfZlib],
  ['zlibBufferSync', anyOfZlib],
  ['processChunkSync', anyOfZlib],
  ['signOneShot', syncCalls.get('sign')!],
  ['verifyOneShot', syncCalls.get('verify')!],
]);

function family(kind: SyncCall['kind'], how: 'promise' | 'callback' | 'stream', from: string, names: readonly string[]): SyncCall[] {
  return names.map((name) => ({ name: `${name}Sync`, kind, twin: twin(name, from, how) }));
}

function twin(name: string, from: string, how: 'promise' | 'callback' | 'stream'): Twin {
  const line = { promise: `await ${name}(…)`, callback: `await promisify(${name})(…)`, stream: `for await (const item of ${name}(…))` }[how];
  return { name, from, how, line };
}

function method(kind: SyncCall['kind'], how: Answer, from: string, name: string, line: string): SyncCall {
  return { name: `${name}Sync`, kind, twin: { name, from, how, line } };
}
