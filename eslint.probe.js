/*
 * The probe runs on top of the blocked frames, which may be in the middle of a regular expression: a second one on top of it crashes
 * Node 20 and 22, whose V8 has both share one backtracking stack. So the probe, and the code that it calls, has none.
 */
const message = 'No regular expression may run on top of the blocked frames: see eslint.probe.js.';

/** The imports that the probe may have. */
export const probeImports = ['watchdog/protocol', 'watchdog/types.ts', 'context/shown-stores.ts', 'shared', 'node/clock.ts'];

/** The probe, and the code that it calls. */
export const probeFiles = [
  ...['watchdog/probe', 'watchdog/protocol', 'shared', 'context/encoding'].map((room) => `src/${room}/*.ts`),
  ...['shown-stores', 'stores/names', 'stores/registry'].map((file) => `src/context/${file}.ts`),
];

export const probeSyntax = [
  'Literal[regex]',
  ':matches(CallExpression, NewExpression)[callee.name="RegExp"]',
  'CallExpression > MemberExpression.callee[property.name=/^(exec|match|matchAll|replace|replaceAll|search|test)$/]',
  // A text that is not written out may be a regular expression.
  'CallExpression[callee.property.name="split"][arguments.0.type!="Literal"]',
].map((selector) => ({ selector, message }));
