import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

import { node } from '../cli/processes.ts';

export interface Guarded {
  readonly code: number | null;
  /** Whether each test has passed, by the test's name. */
  readonly passed: Readonly<Record<string, boolean>>;
  readonly output: string;
}

export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/testing/${name}`, import.meta.url));
const vitestCli = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

/** Runs fixture files by the real Vitest. */
export function vitest(config: string, args: readonly string[], env: Record<string, string> = {}): Promise<Guarded> {
  return undisturbed([vitestCli, 'run', '--config', fixture(config), '--reporter=tap-flat', ...args], env);
}

/** Runs a fixture file by Node's own test runner. */
export function nodeTest(name: string, env: Record<string, string> = {}): Promise<Guarded> {
  return undisturbed(['--test', '--import', 'offloop/testing/node-test', '--test-reporter=tap', fixture(name)], env);
}

/** Expects the fixture tests that block for too long to fail, and no others, whatever Vitest's arguments. */
export async function expectBlockingFails(...args: readonly string[]): Promise<void> {
  const { code, passed, output } = await vitest('vitest.config.js', ['block.vitest', ...args]);
  expect(passed).toEqual({
    'waits for long': true,
    'blocks at once': false,
    'is short': true,
    'blocks after a while': false,
    'may block': true,
    'blocks half as long as is allowed, the one': true,
    'blocks half as long as is allowed, the other': true,
    'blocks in another file': false,
  });
  expect(code).toBe(1);
  for (const name of ['blocks at once', 'blocks after a while', 'blocks in another file']) expect(output).toMatch(blockedMessage(name));
  // The line numbers are those of the source, not those of the code that Vitest has compiled.
  expect(output).toContain('function at some-block.vitest.js:14 ');
  expect(output).toContain('function at some-block.vitest.js:23 ');
}

/** The message about a test that has blocked. */
export function blockedMessage(name: string): RegExp {
  return new RegExp(`The test '${name}': the event loop was blocked for \\d+ ms, and 100 ms are allowed, in \`blockFor\` \\(blocks-for\\.js:\\d+\\)`);
}

/** Repeats a run in which the machine gave a test no CPU, since such a test does not fail although it has blocked. */
async function undisturbed(args: readonly string[], env: Record<string, string>): Promise<Guarded> {
  for (let nth = 1; ; nth++) {
    const { code, stdout, stderr } = await node(args, { env: { NO_COLOR: '1', OFFLOOP_LOG: 'json', ...env } }).ended;
    const output = stdout + stderr;
    if (nth === 3 || !/"kind":"(starved|suspended)"/.test(output)) return { code, passed: results(stdout), output };
  }
}

function results(tap: string): Record<string, boolean> {
  const lines = [...tap.matchAll(/^ *(ok|not ok) \d+ - (.*?)(?: # time=.*)?$/gm)];
  return Object.fromEntries(lines.map(([, verdict, name = '']) => [name.split(' > ').at(-1), verdict === 'ok']));
}
