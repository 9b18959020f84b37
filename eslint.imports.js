import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { clockImports, clockSyntax } from './eslint.clock.js';

const src = fileURLToPath(new URL('./src/', import.meta.url));
const entries = readdirSync(src, { withFileTypes: true });
const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);

// What a folder may import besides itself and the files at the top of src/. Those (errors.ts and the like) see only
// wire; index.ts, in-worker.ts and exports.ts are no such files: they see everything, and only those above them see them.
const mayImport = {
  wire: [],
  context: ['wire'],
  task: ['wire', 'context'],
  worker: ['wire', 'context', 'task'],
  pool: ['wire', 'context', 'task'],
  watchdog: ['wire', 'context'],
  testing: ['wire', 'context', 'task', 'pool', 'watchdog', 'integrations'],
  integrations: ['wire', 'context', 'task', 'worker', 'pool', 'watchdog', 'index.ts'],
  cli: ['wire', 'context', 'task', 'worker', 'pool', 'watchdog', 'integrations', 'index.ts'],
};

/** The flat-config blocks that make imports point one way; where several match a file, the last one counts. */
export function importDirections(importX) {
  return [
    { files: ['src/**/*.ts'], plugins: { 'import-x': importX } },
    { files: ['src/**/*.ts'], ignores: ['src/index.ts', 'src/in-worker.ts', 'src/exports.ts'], rules: only(['wire']) },
    ...Object.entries(mayImport).map(([folder, others]) => (
      { files: [`src/${folder}/**/*.ts`], rules: only([folder, ...others]) }
    )),
    // With no thread between them, the inline engine calls the worker's logic itself.
    { files: ['src/pool/inline.ts'], rules: only(['pool', ...mayImport.pool], { worker: ['run.ts'] }) },
    // The engine interface stays the only way to tinypool.
    { files: ['src/**/*.ts'], ignores: ['src/pool/tinypool.ts', 'src/clock.ts'], rules: restricted(noTinypool) },
    { files: ['src/pool/tinypool.ts'], rules: restricted(anyImport) },
  ];
}

function only(allowed, exceptions = {}) {
  const forbidden = ['index.ts', 'in-worker.ts', 'exports.ts', ...folders].filter((path) => !allowed.includes(path));
  const zones = forbidden.map((path) => zone(path, exceptions[path]));
  // The rule refuses an empty list.
  return { 'import-x/no-restricted-paths': zones.length > 0 ? ['error', { basePath: src, zones }] : 'off' };
}

function zone(from, except = []) {
  return { target: '.', from, except, message: 'Imports point one way: see eslint.imports.js.' };
}

const message = 'Only src/pool/tinypool.ts imports tinypool: use the engine interface.';
const noTinypool = {
  patterns: [{ regex: '^tinypool(/|$)', message }],
  // What the rule above does not see, and a type that the directions would not see.
  syntax: [
    { selector: 'ImportExpression[source.value=/^tinypool/]', message },
    { selector: 'TSImportType[source.value=/^(tinypool|[.])/]', message: 'Write `import type`: the rules see it.' },
  ],
};
const anyImport = { patterns: [], syntax: [] };

function restricted({ patterns, syntax }) {
  return {
    'no-restricted-imports': ['error', { paths: clockImports, patterns }],
    'no-restricted-syntax': ['error', ...syntax, ...clockSyntax],
  };
}
