import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { mayImport } from '../eslint.imports.js';

/** Exceptions from the rules below, by rule. Every list has to become empty. */
const exceptions: Readonly<Record<'longFiles' | 'largeFolders' | 'circles' | 'privateWords', readonly string[]>> = {
  longFiles: [
    ...['watchdog/main/watchdog.ts', 'watchdog/monitor/monitor.ts', 'watchdog/monitor/stall-detector.ts', 'watchdog/monitor/stall-evidence.ts'],
    ...['wire/batch-results.ts', 'wire/errors/error-repairs.ts', 'wire/values/cloneability.ts'],
  ],
  largeFolders: ['pool/workers', 'testing'],
  circles: ['wire/messages/batch.ts', 'wire/messages/requests.ts'],
  privateWords: ['attaching', 'episode', 'lenient', 'prober'],
};

/** A file that is longer has a second purpose. */
const MAX_LINES = 200;
const MAX_FILES = 12;

/** One folder for one page: each file is a part of it that a reader sees. */
const mayBeLarge = 'watchdog/page/client';

/** Folders of tests that are about more than one folder of src, or about none. */
const withoutCounterpart = [
  'environments', // globals of a DOM, and agents that patch Node
  'examples', // the programs in examples/
  'faults', // the whole library under faults and hostile input
  'soak', // the whole library for a long time
];

/** Words that only this code used, and that the field's terms have replaced. */
const privateWords = [
  ...['Apart', 'attaching', 'createSlot', 'Endings', 'endNote', 'Episode', 'episode', 'farewell', 'insist', 'isSpoiled', 'leniency', 'lenient', 'looker'],
  ...['Observation', 'Prober', 'prober', 'Sheet', 'Slot', 'Telling'],
];

const source = new Map(filesOf('src').filter((path) => /\.[jt]s$/.test(path)).map((path) => [path, readFileSync(new URL(`../src/${path}`, import.meta.url), 'utf8')]));
const folders = foldersOf([...source.keys()]);

const others = (found: readonly string[], excepted: readonly string[]): string[] => found.filter((one) => !excepted.includes(one));

describe('src', () => {
  it(`has no file of more than ${String(MAX_LINES)} lines`, () => {
    const found = [...source].filter(([, text]) => text.split('\n').length - 1 > MAX_LINES).map(([path]) => path);
    expect(others(found, exceptions.longFiles)).toEqual([]);
  });

  it(`has no folder of more than ${String(MAX_FILES)} files`, () => {
    const found = folders.filter((folder) => [...source.keys()].filter((path) => posix.dirname(path) === folder).length > MAX_FILES);
    expect(others(found, [...exceptions.largeFolders, mayBeLarge])).toEqual([]);
  });

  it('has no circle of imports, those of types included', () => {
    expect(others(inCircles(new Map([...source].map(([path, text]) => [path, importsOf(path, text)]))), exceptions.circles)).toEqual([]);
  });

  it('has the folders whose imports eslint.imports.js restricts, and no others', () => {
    expect(folders).toEqual(Object.keys(mayImport).sort());
  });

  it('uses the field’s terms instead of private words', () => {
    const text = [...source.values()].join('\n');
    expect(others(privateWords.filter((word) => new RegExp(`\\b${word}\\b`).test(text)), exceptions.privateWords)).toEqual([]);
  });
});

it('test/ mirrors src/', () => {
  const tested = foldersOf(filesOf('test').filter((path) => path.endsWith('.test.ts')));
  expect(tested.filter((folder) => !folders.includes(folder))).toEqual(withoutCounterpart);
});

function filesOf(folder: string): string[] {
  return readdirSync(fileURLToPath(new URL(`../${folder}/`, import.meta.url)), { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
}

function foldersOf(files: readonly string[]): string[] {
  return [...new Set(files.map((path) => posix.dirname(path)))].filter((folder) => folder !== '.').sort();
}

function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(/^(?:import|export)\b[^'";]*?from '(\.[^']+)'|^import '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm);
  return [...found].map(([, from, bare, dynamic]) => posix.join(posix.dirname(path), (from ?? bare ?? dynamic)!).replace('?raw', ''));
}

function inCircles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  return [...imports.keys()].filter((path) => {
    const reached = new Set(imports.get(path));
    for (const other of reached) for (const imported of imports.get(other) ?? []) reached.add(imported);
    return reached.has(path);
  });
}
