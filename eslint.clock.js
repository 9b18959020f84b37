/*
 * Timers and clocks come from src/node/clock.ts, which binds them when offloop is imported: a test may fake the global ones later.
 */
const message = 'A test may have faked this timer or clock: import it from src/node/clock.ts.';

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

/** The forms that the rules for globals and properties, below, do not find. */
export const clockSyntax = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message },
  { selector: "CallExpression[callee.name='Date']", message },
  { selector: "VariableDeclarator[init.name='process'] > ObjectPattern > Property[key.name=/^(hrtime|nextTick)$/]", message },
];

export const clockImports = ['node:timers', 'timers', 'node:timers/promises', 'timers/promises'].map((name) => ({ name, message }));

/** The flat-config block. `clockSyntax` and `clockImports` are in the blocks of eslint.imports.js: where two blocks set one rule, the last one counts. */
export const boundClock = {
  files: ['src/**/*.ts'],
  // limit-clock.ts reads the globals on purpose: an inline pool goes by the clock that the user's code sees.
  ignores: ['src/node/clock.ts', 'src/node/limit-clock.ts'],
  rules: {
    'no-restricted-globals': ['error', ...globals.map((name) => ({ name, message }))],
    'no-restricted-properties': ['error', ...properties.map((property) => ({ ...property, message }))],
  },
};
