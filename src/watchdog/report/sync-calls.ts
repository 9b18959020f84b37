import type { StallKind } from '../stall-kinds.ts';

/** How the asynchronous twin answers. `stream`: chunk by chunk. `event`: by an event of the object that it returns. */
type Answer = 'promise' | 'callback' | 'stream' | 'event';

/** A synchronous function of Node, and what to call instead. */
export interface SyncCall {
  /** As it is known: `readFileSync`, `Dir.readSync`. */
  readonly name: string;
  /** Whether it computes or waits, for where the operating system cannot tell. */
  readonly kind: Extract<StallKind, 'native' | 'blocking-io'>;
  /** The asynchronous function that does the same; without one the call has to be offloaded. */
  readonly twin?: Twin;
  /** The stack names its module alone: `name` is one of the functions that it may have been. */
  readonly isExample?: boolean;
}

export interface Twin {
  readonly name: string;
  readonly from: string;
  readonly how: Answer;
  /** What to write: `await readFile(…)`. */
  readonly line: string;
}

/**
 * What a function is called in a stack is not always what it is exported as: all that node:zlib exports is one wrapper.
 * A stack may also say on what it was called (`Object.gzipSync`), and by which name (`Object.syncBufferWrapper [as gzipSync]`).
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
  // These take or return a file descriptor, which node:fs/promises does not know.
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
  // One function for both: with a callback it is asynchronous.
  ...['randomBytes', 'sign', 'verify'].map((name) => ({ name, kind: 'native' as const, twin: twin(name, 'node:crypto', 'callback') })),
  {
    name: 'Atomics.wait',
    kind: 'blocking-io',
    twin: { name: 'Atomics.waitAsync', from: 'globalThis', how: 'promise', line: 'await Atomics.waitAsync(…).value' },
  },
  { name: 'DatabaseSync', kind: 'blocking-io' },
  { name: 'StatementSync', kind: 'blocking-io' },
];

/** By name. A test holds it against what this Node exports. */
export const syncCalls: ReadonlyMap<string, SyncCall> = new Map(table.map((call) => [call.name, call]));

const anyOfZlib: SyncCall = { ...syncCalls.get('gzipSync')!, isExample: true };

/** What stands in a stack in place of the name it was called by. */
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
