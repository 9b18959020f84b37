import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

import { clockImports, clockSyntax } from './eslint.clock.js';
import { probeFiles, probeImports, probeSyntax } from './eslint.probe.js';
import { questionSyntax } from './eslint.questions.js';

const src = fileURLToPath(new URL('./src/', import.meta.url));

/** Rooms that every other room may import, since they know nothing of tasks, pools or stalls. */
const base = ['errors.ts', 'home.ts', 'node', 'node/cpus', 'validation', 'shared'];
const wire = ['wire', 'wire/messages', 'wire/values', 'wire/errors'];
const context = [...wire, 'context', 'context/encoding', 'context/stores'];
const task = [...context, 'task'];
const stalls = ['watchdog/types.ts', 'watchdog/stall-kinds.ts'];

/**
 * Each room of src (a folder without its subfolders), and the rooms and single files that it may import besides itself and `base`.
 * index.ts and in-worker.ts are not in the table: they may import everything, and no room may import them. core.ts, which the entries
 * of the package import for the bundler's sake, imports most of the base, context and task.
 */
export const mayImport = {
  'node': [],
  'node/cpus': [],
  'validation': [],
  'shared': [],
  'wire': ['wire/messages', 'wire/values'],
  'wire/messages': ['wire/values'],
  'wire/values': ['wire/errors', 'wire/size.ts'],
  'wire/errors': [],
  'context': context,
  'context/encoding': context,
  'context/stores': context,
  'task': context,

  'worker': ['task', 'worker/notices', 'worker/processes', 'worker/threads', 'worker/tinypool'],
  'worker/cpu': ['wire', 'wire/messages'],
  'worker/tasks': [...wire, 'context', 'task', 'worker/cpu'],
  'worker/notices': ['context/stores', 'task', 'wire', 'wire/messages', 'worker/tasks'],
  'worker/threads': ['context', 'task', 'wire', 'wire/messages', 'worker/cpu', 'worker/notices', 'worker/tasks', 'worker/tinypool'],
  'worker/processes': [...wire, 'context', 'task', 'worker/notices', 'worker/tasks', 'worker/tinypool'],
  'worker/tinypool': ['context', 'task', 'wire', 'wire/messages', 'worker/notices', 'worker/tasks'],

  'pool': [...task, 'pool/calls', 'pool/cpu', 'pool/dispatch', 'pool/engines', 'pool/learned', 'pool/map', 'pool/queue'],
  'pool/map': [...task, 'pool', 'pool/calls', 'pool/dispatch'],
  'pool/dispatch': [...task, 'pool', 'pool/calls', 'pool/engines', 'pool/learned', 'pool/queue', 'pool/responses', 'pool/spares', 'pool/workers', 'pool/workers/life'],
  'pool/capacity': ['context'],
  'pool/cpu': wire,
  'pool/queue': [...task, 'pool/learned'],
  'pool/learned': [...task, 'pool/cpu', 'pool/calls'],
  'pool/workers': [...task, 'pool', 'pool/calls', 'pool/capacity', 'pool/cpu', 'pool/engines', 'pool/responses', 'pool/spares', 'pool/workers/life'],
  'pool/workers/life': [...task, 'pool', 'pool/capacity', 'pool/engines', 'pool/engines/worker-stack', 'pool/responses', 'pool/workers'],
  'pool/spares': [...task, 'pool', 'pool/calls', 'pool/engines', 'pool/learned', 'pool/queue', 'pool/workers'],
  'pool/responses': [...task, 'pool/calls', 'pool/engines', 'pool/workers', 'pool/workers/life'],
  'pool/calls': [...task, 'pool/cpu', 'pool/engines', 'pool/learned', 'pool/queue'],
  'pool/engines': [...wire, 'context', 'task', 'pool/cpu', 'pool/engines/tinypool', 'pool/engines/worker-stack'],
  'pool/engines/tinypool': ['task', 'wire', 'wire/messages', 'pool/engines', 'pool/engines/worker-stack'],
  'pool/engines/worker-stack': ['context'],

  'watchdog': ['watchdog/main/watchdog.ts', 'watchdog/page/html.ts', 'watchdog/report'],
  'watchdog/main': ['context/root.ts', 'watchdog/options.ts', 'watchdog/types.ts', 'watchdog/watchdog-report.ts', 'watchdog/probe', 'watchdog/protocol', 'watchdog/report'],
  'watchdog/protocol': ['watchdog/options.ts', 'watchdog/types.ts'],
  'watchdog/monitor': ['context/shown-stores.ts', ...stalls, 'watchdog/page', 'watchdog/page/client/format.js', 'watchdog/protocol', 'watchdog/report'],
  'watchdog/report': [...stalls, 'watchdog/page/client/format.js', 'watchdog/protocol'],
  'watchdog/page': [...stalls, 'watchdog/page/client', 'watchdog/protocol', 'watchdog/report/table.ts'],
  'watchdog/page/client': stalls,

  'otel': [...task, 'pool', 'pool/calls'],
  'register': ['watchdog/main/main-watchdog.ts', 'watchdog/options.ts', 'watchdog/report/log.ts', 'watchdog/types.ts'],
  'testing': [
    ...[...task, 'pool', 'register/environment.ts'],
    ...[...stalls, 'watchdog/main/main-watchdog.ts', 'watchdog/options.ts', 'watchdog/page/client/format.js', 'watchdog/report'],
  ],
  'cli': [...stalls, 'watchdog/page/client/format.js', 'watchdog/report', 'watchdog/watchdog-report.ts', 'register'],
};
/** This room may import nothing else, not even `base`. */
const probe = 'watchdog/probe';

/** Every room has its row: test/house.test.ts. */
export const allRooms = [...Object.keys(mayImport), probe];

/** The flat-config blocks that make imports point one way; where several match a file, the last one counts. */
export function importDirections(importX) {
  const rooms = Object.entries(mayImport);
  const paths = [...allRooms, ...probeImports, ...Object.values(mayImport).flat()];
  for (const path of paths) if (!existsSync(src + path)) throw new Error(`eslint.imports.js: there is no src/${path}`);
  return [
    { files: ['src/**/*.{ts,js}'], plugins: { 'import-x': importX } },
    { files: ['src/errors.ts', 'src/home.ts'], rules: only(base) },
    ...rooms.map(([room, others]) => ({ files: [`src/${room}/*.{ts,js}`], rules: only([room, ...base, ...others]) })),
    { files: [`src/${probe}/*.ts`], rules: only([probe, ...probeImports]) },
    // The inline engine calls the worker's logic itself, since no thread lies between the two.
    { files: ['src/pool/engines/inline.ts'], rules: only(['pool/engines', ...base, ...mayImport['pool/engines'], 'worker/tasks']) },
    // The engine interface stays the only way to tinypool.
    { files: ['src/**/*.ts'], ignores: ['src/pool/engines/tinypool/*.ts', 'src/node/clock.ts'], rules: restricted(noTinypool) },
    { files: ['src/pool/engines/tinypool/*.ts'], rules: restricted(anyImport) },
    { files: probeFiles, rules: restricted({ ...noTinypool, syntax: [...noTinypool.syntax, ...probeSyntax] }) },
  ];
}

function only(allowed) {
  const zones = ['index.ts', 'in-worker.ts', 'errors.ts', 'home.ts', ...allRooms]
    .filter((path) => !allowed.includes(path))
    .map((path) => ({ target: '.', ...zoneOf(path, allowed), message: 'Imports point one way: see eslint.imports.js.' }));
  return { 'import-x/no-restricted-paths': ['error', { basePath: src, zones }] };
}

/** A room without the files of it that are allowed. */
function zoneOf(path, allowed) {
  if (path.endsWith('.ts')) return { from: path };
  return { from: `${path}/*`, except: allowed.filter((file) => posix.dirname(file) === path && /[.][jt]s$/.test(file)).map((file) => `**/src/${file}`) };
}

const message = 'Only src/pool/engines/tinypool imports tinypool: use the engine interface.';
const noTinypool = {
  patterns: [{ regex: '^tinypool(/|$)', message }],
  // no-restricted-imports finds neither import() nor import types.
  syntax: [
    { selector: 'ImportExpression[source.value=/^tinypool/]', message },
    { selector: 'TSImportType[source.value=/^(tinypool|[.])/]', message: 'Write `import type`: the rules see it.' },
  ],
};
const anyImport = { patterns: [], syntax: [] };

function restricted({ patterns, syntax }) {
  return {
    'no-restricted-imports': ['error', { paths: clockImports, patterns }],
    'no-restricted-syntax': ['error', ...syntax, ...clockSyntax, ...questionSyntax],
  };
}
