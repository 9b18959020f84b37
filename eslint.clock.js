/*
 * Timers and clocks come from src/node/clock.ts, which has bound them when offloop was imported: a test may fake the process's own.
 */
const message = 'A test may have faked it: import it from src/node/clock.ts.';

const globals = [
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'queueMicrotask'],
  ...['performance', 'scheduler'],
];

const properties = [
  ...[...globals, 'Date'].map((property) => ({ object: 'globalThis', property })),
  ...['hrtime', 'nextTick'].map((property) => ({ object: 'process', property })),
  { object: 'Date', property: 'now' },
  { object: 'AbortSignal', property: 'timeout' },
];

/** Calls by a name alone would be seen by the other rules; these are not. */
export const clockSyntax = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message },
  { selector: "CallExpression[callee.name='Date']", message },
  { selector: "VariableDeclarator[init.name='process'] > ObjectPattern > Property[key.name=/^(hrtime|nextTick)$/]", message },
];

export const clockImports = ['node:timers', 'timers', 'node:timers/promises', 'timers/promises'].map((name) => ({ name, message }));

/** The flat-config block; the syntax and the imports go with those of eslint.imports.js, since the last block that names a rule counts. */
export const boundClock = {
  files: ['src/**/*.ts'],
  // The second looks the process's own up on purpose: an inline pool goes by them.
  ignores: ['src/node/clock.ts', 'src/node/limit-clock.ts'],
  rules: {
    'no-restricted-globals': ['error', ...globals.map((name) => ({ name, message }))],
    'no-restricted-properties': ['error', ...properties.map((property) => ({ ...property, message }))],
  },
};
