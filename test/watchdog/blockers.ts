import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { Frame, Stall } from 'offloop/watchdog';
import { expect, it, onTestFinished } from 'vitest';

import { fixture, startServer, undisturbed, type Line, type Scheduling, type Watched, type WatchedOptions } from './watched.ts';

/**
 * The expected report of a blocker. `a|b` means either, where versions of Node differ, or where any moment of the stall may be
 * sampled. A call that was the last thing its function did leaves no trace of that function, so the function's caller may be named
 * instead, and the confidence is then `at-return`. `names`: the words that the advice mentions besides the function.
 */
type Row = readonly [module: string, kind: string, seen: string, culprit: string, boundary: string, action: string, names?: string];

/** Tests each blocker of a table in a test of its own. */
export function testEach(table: readonly Row[]): void {
  for (const row of table) {
    it(title(row), async () => expectRow(row, await blockUndisturbed(module(row))));
  }
}

/** Tests blockers that wait for a FIFO. The test writes to the FIFO once the watchdog has reported that the blocker is stuck. */
export function testEachOnFifo(table: readonly Row[]): void {
  for (const row of table) {
    it.skipIf(process.platform === 'win32')(`${title(row)} (where there are FIFOs)`, async () => {
      const path = fifo();
      expectRow(row, await blockUndisturbed(module(row), { env: { FIFO: path } }, (watched) => openWhenStuck(watched, path, 0)));
    });
  }
}

/** Expects a report that names the dependency that blocked, and the function that called the dependency. */
export async function expectThirdParty(name: string, caller: string, culprit: string): Promise<void> {
  const { stalls, id, lines } = await blockUndisturbed(fixture(`blockers/validates-with-${name}.js`));
  expect(stalls).toMatchObject([{ kind: 'javascript', confidence: 'live', call: 'RegExp.test', context: { request: { requestId: id } } }]);
  expect(stalls[0]?.culprit).toMatchObject({ function: culprit, package: name, calledFrom: { function: caller } });
  expectInside(stalls[0]!.culprit!.calledFrom!, fixture(`blockers/validates-with-${name}.js`));
  expect(stalls[0]?.advice.action).toBe('offload');
  expect(stalls[0]?.advice.text).toContain(name);
  expect(stalls[0]?.advice.text).toContain(caller);
  expectReportedDuring(lines, culprit, stalls[0]!);
}

export async function expectNamedAgain([name, kind, culprit]: readonly [string, string, string], options?: WatchedOptions, meanwhile?: (watched: Watched, nth: number) => Promise<void>): Promise<void> {
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

interface Blocked {
  readonly id: string;
  readonly watched: Watched;
  readonly scheduling: Scheduling;
}

/** Sends one request to a process of its own, which ends once the watchdog has reported the stall. */
export async function block(work: URL, options: WatchedOptions = {}, meanwhile: Meanwhile = async () => {}): Promise<Blocked> {
  const watched = await startServer(work, options);
  const id = randomUUID();
  const [, scheduling] = await Promise.all([meanwhile(watched), watched.request(id)]);
  await watched.stall();
  await watched.stop();
  return { id, watched, scheduling };
}

type Meanwhile = (watched: Watched) => Promise<void>;

export async function blockUndisturbed(...args: Parameters<typeof block>): Promise<Seen> {
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

export function expectRow([name, kind, seen, culprit, boundary, action, names = '']: Row, { id, stalls, lines }: Seen): void {
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
  expectReportedDuring(lines, culprit, stall);
}

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

function expectFrame(frame: Frame | undefined, functions: string, { confidence }: Stall, name: string): void {
  expect(functions.split('|')).toContain(frame?.function);
  // Only a call that has returned may have lost its trace, so that its caller is named.
  if (frame?.function === 'handle') expect(confidence).toBe('at-return');
  expectInside(frame!, frame?.function === 'handle' ? fixture('app.js') : fixture(`blockers/${name}`));
}

/** Expects the frame's line to lie within the function that the frame names. */
function expectInside({ function: name, file, line }: Frame, module: URL): void {
  expect(file).toBe(fileURLToPath(module));
  const [first, last] = linesOf(readFileSync(module, 'utf8').split('\n'), name);
  expect(line).toBeGreaterThanOrEqual(first);
  expect(line).toBeLessThanOrEqual(last);
}

/** Line numbers from 1. A function without a name is found by its syntax, and evaluated code by the line that evaluates the code. */
function linesOf(lines: readonly string[], name: string): [first: number, last: number] {
  if (/^(eval|anonymous)$/.test(name)) return [1, 1].map((one) => one + lines.findIndex((line) => line.includes('new Function('))) as [number, number];
  const head = name === '(anonymous)' ? /=> \{$/ : new RegExp(String.raw`(function |^ +)${name.replace(/.*\./, '')}\(.*\{$`);
  const first = lines.findIndex((line) => head.test(line));
  const end = `${/^ */.exec(lines[first] ?? '')?.[0] ?? ''}}`;
  return [first + 1, lines.findIndex((line, i) => i > first && line.startsWith(end)) + 1];
}

/** The place that the advice says to change: a function, or the file and line of a function that has no name. */
function placeInAdvice({ culprit, boundary, advice: { text } }: Stall): string {
  const places = [boundary, culprit].map((frame) => (/^(eval|\(?anonymous\)?)$/.test(frame!.function) ? `${basename(frame!.file)}:${frame!.line}` : frame!.function));
  return places.find((place) => text.includes(place)) ?? places[0]!;
}

/** Expects the log to name the culprit before the work ended. Watchdog and work write to one stream, so the lines' order is the order of events. */
function expectReportedDuring(lines: readonly Line[], culprit: string, { confidence, context }: Stall): void {
  const end = lines.findIndex(({ work }) => work === 'ended');
  const during = lines.slice(0, end);
  const told = during.find(({ event }) => event === 'stuck');
  // A main thread that does not respond cannot be asked for its stack, but the log still reports that the event loop is stuck.
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

export function fifo(): string {
  const path = join(folder(), 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

export async function openWhenStuck(watched: Watched, path: string, nth: number): Promise<void> {
  await watched.line('silent', nth);
  // The line `silent` may come up to one heartbeat early: the monitor learns when the callback began only once the main thread responds.
  await setTimeout(100);
  await writeFile(path, 'text');
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'offloop-test-'));
  onTestFinished(() => { rmSync(path, { recursive: true }); });
  return path;
}
