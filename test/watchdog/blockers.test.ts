import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

import type { Frame, Stall } from 'offloop/watchdog';
import ts from 'typescript';
import { describe, expect, it, onTestFinished } from 'vitest';

import { fixture, startServer, undisturbed, type Line, type Scheduling, type Watched, type WatchedOptions } from './watched.ts';

/**
 * What must be said of each blocker. `a|b`: one or the other, where versions of Node differ, or where one moment of a
 * stall is as good as another. A call that was the last thing its function did leaves no trace of that function, so its
 * caller may be named instead, and `at-return` says so. `names`: what the advice mentions besides the function.
 */
type Row = readonly [module: string, kind: string, seen: string, culprit: string, boundary: string, action: string, names?: string];

const table: readonly Row[] = [
  ['loop-without-calls.js', 'javascript', 'live', 'spins', 'spins', 'offload'],
  ['loop-with-calls.js', 'javascript', 'live', 'digits|sumsUp', 'digits|sumsUp', 'offload', 'sumsUp'],
  ['method.js', 'javascript', 'live', 'Parser.parse', 'Parser.parse', 'offload'],
  ['anonymous-callback.js', 'javascript', 'live', '(anonymous)', '(anonymous)', 'offload'],
  ['after-an-await.js', 'javascript', 'live', 'blocksLater', 'blocksLater', 'offload'],
  ['deep-recursion.js', 'javascript', 'live', 'descends', 'descends', 'offload'],
  ['evaluated-code.js', 'javascript', 'live', 'eval|anonymous', 'eval|anonymous', 'offload'],
  ['regular-expression.js', 'javascript', 'live', 'validates', 'validates', 'offload', 'backtracking'],
  ['sort-with-comparator.js', 'javascript', 'live', 'byValue|sortsByValue', 'byValue|sortsByValue', 'offload', 'sortsByValue'],
  ['web-assembly.js', 'javascript', 'live', 'countsInWasm', 'countsInWasm', 'offload'],
  ['promise-flood.js', 'javascript', 'live', 'awaits', 'awaits', 'offload'],
  ['next-tick-flood.js', 'javascript', 'live', 'again', 'again', 'offload'],
  ['sort.js', 'native', 'at-return', 'sorts|handle', 'sorts|handle', 'offload'],
  ['bigint.js', 'native', 'at-return', 'raises|handle', 'raises|handle', 'offload'],
  ['json-parse.js', 'native', 'at-return', 'parses|handle', 'parses|handle', 'offload'],
  ['json-parse-and-sum.js', 'native', 'at-return', 'parsesAndSums', 'parsesAndSums', 'offload'],
  // Node 26 looks at no interrupt in there.
  ['json-stringify.js', 'javascript|native', 'live|at-return', 'stringifies|handle', 'stringifies|handle', 'offload'],
  ['structured-clone.js', 'native', 'at-return', 'clones|handle', 'clones|handle', 'offload'],
  ['pbkdf2-sync.js', 'native', 'at-return', 'hashes', 'hashes', 'use-async-api', 'pbkdf2Sync, promisify(pbkdf2), node:crypto'],
  ['scrypt-sync.js', 'native', 'at-return', 'derives', 'derives', 'use-async-api', 'scryptSync, promisify(scrypt), node:crypto'],
  ['gzip-sync.js', 'native', 'live', 'compresses', 'compresses', 'use-async-api', 'gzipSync, promisify(gzip), node:zlib'],
  ['atomics-wait.js', 'blocking-io', 'live', 'waits', 'waits', 'use-async-api', 'Atomics.waitAsync'],
  // A collection answers no more than a native call does.
  ['garbage.js', 'gc', 'live|at-return', 'litters|handle', 'litters|handle', 'reduce-garbage'],
];

/** These wait for a FIFO, into which the test writes once the watchdog has said that they are stuck. */
const waiting: readonly Row[] = [
  ['fifo.js', 'blocking-io', 'at-return', 'reads', 'reads', 'use-async-api', 'readFileSync, await readFile(, node:fs/promises'],
  ['fifo-as-text.js', 'blocking-io', 'at-return', 'readsText|handle', 'readsText|handle', 'use-async-api'],
  ['exec-sync.js', 'blocking-io', 'at-return', 'converts', 'converts', 'use-async-api', 'execSync, promisify(exec), node:child_process'],
  ['spawn-sync.js', 'blocking-io', 'at-return', 'spawns|handle', 'spawns|handle', 'use-async-api'],
];

describe('says what blocks, whose request it is, and what to do, while it blocks', () => {
  for (const row of table) {
    it(title(row), async () => expectRow(row, await blockUndisturbed(module(row))));
  }

  for (const row of waiting) {
    it.skipIf(process.platform === 'win32')(`${title(row)} (where there are FIFOs)`, async () => {
      const path = fifo();
      expectRow(row, await blockUndisturbed(module(row), { env: { FIFO: path } }, (watched) => openWhenStuck(watched, path, 0)));
    });
  }

  it('TypeScript, as its loader compiles it: the line of the source', async () => {
    const seen = await blockUndisturbed(fixture('blockers/typescript.ts'), { execArgv: ['--import', 'tsx'] });
    expectRow(['typescript.ts', 'javascript', 'live', 'weighs', 'weighs', 'offload'], seen);
  });

  it('TypeScript that was compiled before, with --enable-source-maps: the line of the source', async () => {
    const seen = await blockUndisturbed(compiled(fixture('blockers/typescript.ts')), { execArgv: ['--enable-source-maps'] });
    expectRow(['typescript.ts', 'javascript', 'live', 'weighs', 'weighs', 'offload'], seen);
  });

  it.each([
    ['valibot', 'checksWithValibot', '~run'],
    ['ajv', 'checksWithAjv', 'validate10'],
  ])('third-party code, %s: the dependency, and the function that called into it', async (name, caller, culprit) => {
    const { stalls, id, lines } = await blockUndisturbed(fixture(`blockers/validates-with-${name}.js`));
    expect(stalls).toMatchObject([{ kind: 'javascript', confidence: 'live', call: 'RegExp.test', context: { request: { requestId: id } } }]);
    expect(stalls[0]?.culprit).toMatchObject({ function: culprit, package: name, calledFrom: { function: caller } });
    expectInside(stalls[0]!.culprit!.calledFrom!, fixture(`blockers/validates-with-${name}.js`));
    expect(stalls[0]?.advice.action).toBe('offload');
    expect(stalls[0]?.advice.text).toContain(name);
    expect(stalls[0]?.advice.text).toContain(caller);
    expectToldDuring(lines, culprit, stalls[0]!);
  });

  it('a task that runs inline: the task', async () => {
    const seen = await blockUndisturbed(fixture('blockers/inline-task.js'));
    expectRow(['inline-task.js', 'javascript', 'live', 'crunch', 'crunch', 'offload', 'task, crunch(…), crunch.inline'], seen);
    expect(seen.stalls[0]?.task).toBe('crunch');
  });
});

describe('names a call that has left no trace when it blocks again', () => {
  it.each([
    ['sort.js', 'native', 'sorts'],
    ['bigint.js', 'native', 'raises'],
  ])('%s', async (name, kind, culprit) => {
    await expectNamedAgain([name, kind, culprit]);
  });

  it.skipIf(process.platform === 'win32')('spawn-sync.js (where there are FIFOs)', async () => {
    const path = fifo();
    await expectNamedAgain(['spawn-sync.js', 'blocking-io', 'spawns'], { env: { FIFO: path } }, (watched, nth) => openWhenStuck(watched, path, nth));
  });
});

async function expectNamedAgain([name, kind, culprit]: readonly [string, string, string], options?: WatchedOptions, meanwhile?: (watched: Watched, nth: number) => Promise<void>): Promise<void> {
  const ids = [randomUUID(), randomUUID()] as const;
  const { stalls } = await undisturbed(async () => {
    const watched = await startServer(fixture(`blockers/${name}`), options);
    for (const [nth, id] of ids.entries()) {
      await Promise.all([meanwhile?.(watched, nth), watched.request(id)]);
      await watched.stall(nth);
    }
    await watched.stop();
    return watched;
  });
  expect(stalls).toMatchObject([
    { kind, confidence: 'at-return', context: { request: { requestId: ids[0] } } },
    { kind, confidence: 'live', culprit: { function: culprit }, context: { request: { requestId: ids[1] } } },
  ]);
  expectInside(stalls[1]!.culprit!, fixture(`blockers/${name}`));
}

describe('blames no function', () => {
  const hasTaskset = process.platform === 'linux' && canRun('taskset', ['--version']);
  if (!hasTaskset && process.env.CI !== undefined) throw new Error('Starvation cannot be tested: there is no taskset.');

  it.skipIf(!hasTaskset)('starvation: add CPU (where there is a taskset to bring it about)', async () => {
    const cpu = /Cpus_allowed_list:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
    const { watched: { stalls }, scheduling } = await block(fixture('blockers/uses-cpu.js'), { under: ['taskset', '-c', cpu] }, async () => compete(cpu));
    expect(scheduling.waitingMs).toBeGreaterThan(scheduling.ms / 2);
    expect(stalls).not.toEqual([]);
    for (const { kind, advice } of stalls) expect([kind, advice.action]).toEqual(['starved', 'add-cpu']);
  });

  it.skipIf(process.platform === 'win32')('SIGSTOP, in the middle of a request: nothing to do (where there are signals)', async () => {
    const { watched: { stalls, lines } } = await block(fixture('innocents/waits-for-a-timer.js'), {}, async (watched) => {
      await watched.until('the work to begin', () => watched.lines.find(({ work }) => work === 'begun'));
      watched.kill('SIGSTOP');
      await setTimeout(400);
      watched.kill('SIGCONT');
    });
    expect(stalls).toMatchObject([{ kind: 'suspended', confidence: 'none', samples: [], context: {}, advice: { action: 'none' } }]);
    expect(stalls[0]).not.toHaveProperty('culprit');
    expect(lines.filter(({ offloop }) => offloop === 'stall')).toMatchObject([{ event: 'ended', kind: 'suspended' }]);
  });
});

interface Blocked {
  readonly id: string;
  readonly watched: Watched;
  readonly scheduling: Scheduling;
}

/** One request, in a process of its own, which ends when the watchdog has had its say. */
async function block(work: URL, options: WatchedOptions = {}, meanwhile: Meanwhile = async () => {}): Promise<Blocked> {
  const watched = await startServer(work, options);
  const id = randomUUID();
  const [, scheduling] = await Promise.all([meanwhile(watched), watched.request(id)]);
  await watched.stall();
  await watched.stop();
  return { id, watched, scheduling };
}

type Meanwhile = (watched: Watched) => Promise<void>;

async function blockUndisturbed(...args: Parameters<typeof block>): Promise<Seen> {
  let id = '';
  const { stalls, lines } = await undisturbed(async () => {
    const blocked = await block(...args);
    ({ id } = blocked);
    return blocked.watched;
  });
  return { id, stalls, lines };
}

interface Seen {
  readonly id: string;
  readonly stalls: readonly Stall[];
  readonly lines: readonly Line[];
}

function expectRow([name, kind, seen, culprit, boundary, action, names = '']: Row, { id, stalls, lines }: Seen): void {
  expect(stalls).toHaveLength(1);
  const stall = stalls[0]!;
  expect(kind.split('|')).toContain(stall.kind);
  expect(seen.split('|')).toContain(stall.confidence);
  expect(stall.context).toEqual({ request: { requestId: id } });
  expectFrame(stall.culprit, culprit, stall, name);
  expectFrame(stall.boundary, boundary, stall, name);
  expect(stall.samples.flat().filter(({ file }) => file.startsWith(dist))).toEqual([]);
  expect(stall.advice.action).toBe(action);
  expect(stall.advice.text).toContain(placeInAdvice(stall));
  for (const word of names.split(', ')) expect(stall.advice.text).toContain(word);
  expectToldDuring(lines, culprit, stall);
}

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

function expectFrame(frame: Frame | undefined, functions: string, { confidence }: Stall, name: string): void {
  expect(functions.split('|')).toContain(frame?.function);
  // Only the trace of a call that is over may have been lost.
  if (frame?.function === 'handle') expect(confidence).toBe('at-return');
  expectInside(frame!, frame?.function === 'handle' ? fixture('app.js') : fixture(`blockers/${name}`));
}

/** The line lies within the function that is named. */
function expectInside({ function: name, file, line }: Frame, module: URL): void {
  expect(file).toBe(fileURLToPath(module));
  const [first, last] = linesOf(readFileSync(module, 'utf8').split('\n'), name);
  expect(line).toBeGreaterThanOrEqual(first);
  expect(line).toBeLessThanOrEqual(last);
}

/** From 1. What V8 cannot name is found by what it looks like; of evaluated code, that is where it was made. */
function linesOf(lines: readonly string[], name: string): [first: number, last: number] {
  if (/^(eval|anonymous)$/.test(name)) return [1, 1].map((one) => one + lines.findIndex((line) => line.includes('new Function('))) as [number, number];
  const head = name === '(anonymous)' ? /=> \{$/ : new RegExp(String.raw`(function |^ +)${name.replace(/.*\./, '')}\(.*\{$`);
  const first = lines.findIndex((line) => head.test(line));
  const end = `${/^ */.exec(lines[first] ?? '')?.[0] ?? ''}}`;
  return [first + 1, lines.findIndex((line, i) => i > first && line.startsWith(end)) + 1];
}

/** What is to be changed is a function, or the place of one that has no name. */
function placeInAdvice({ culprit, boundary, advice: { text } }: Stall): string {
  const places = [boundary, culprit].map((frame) => (/^(eval|\(?anonymous\)?)$/.test(frame!.function) ? `${basename(frame!.file)}:${frame!.line}` : frame!.function));
  return places.find((place) => text.includes(place)) ?? places[0]!;
}

/** One stream for both: what came first was written first. */
function expectToldDuring(lines: readonly Line[], culprit: string, { confidence, context }: Stall): void {
  const end = lines.findIndex(({ work }) => work === 'ended');
  const during = lines.slice(0, end);
  const told = during.find(({ event }) => event === 'stuck');
  // What does not answer cannot be asked where it is; that it is stuck is said all the same.
  if (confidence === 'at-return') expect(during.map(({ event }) => event)).toContain(told === undefined ? 'silent' : 'stuck');
  else {
    expect(told?.context).toEqual(context);
    expect(culprit.split('|')).toContain(told?.culprit?.function);
  }
  expect(lines.at(-1)).toMatchObject({ event: 'ended', confidence, context });
  expect(lines.filter(({ event }) => event === 'ended')).toHaveLength(1);
}

function title([name, kind, seen]: Row): string {
  return `${name}: ${kind}, seen ${seen}`;
}

function module([name]: Row): URL {
  return fixture(`blockers/${name}`);
}

function fifo(): string {
  const path = join(folder(), 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

async function openWhenStuck(watched: Watched, path: string, nth: number): Promise<void> {
  await watched.line('silent', nth);
  // That came up to a beat early: when the callback began is known only once it answers.
  await setTimeout(100);
  await writeFile(path, 'text');
}

/** As a build would leave it: JavaScript whose lines are others, and a map beside it. */
function compiled(source: URL): URL {
  const { outputText, sourceMapText = '' } = ts.transpileModule(readFileSync(source, 'utf8'), {
    fileName: 'compiled.mts',
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, sourceMap: true },
  });
  const path = join(folder(), 'compiled.mjs');
  writeFileSync(path, outputText);
  writeFileSync(`${path}.map`, JSON.stringify({ ...JSON.parse(sourceMapText) as object, sources: [source.href] }));
  return pathToFileURL(path);
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'offloop-test-'));
  onTestFinished(() => { rmSync(path, { recursive: true }); });
  return path;
}

/** Eight processes that spin on one CPU, for two seconds at most. */
function compete(cpu: string): void {
  for (let i = 0; i < 8; i++) {
    const child = spawn('taskset', ['-c', cpu, 'timeout', '2', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' });
    onTestFinished(() => { child.kill(); });
  }
}

function canRun(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
