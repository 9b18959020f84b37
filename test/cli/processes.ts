import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import type { ReportData } from '../../src/watchdog/types.ts';

export const registerURL = new URL('../../dist/register.js', import.meta.url).href;
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves to the first match in the text of stdout and stderr. */
  wrote(pattern: RegExp): Promise<string>;
}

export interface How extends Pick<SpawnOptions, 'detached' | 'cwd'> {
  env?: Readonly<Record<string, string>>;
  input?: string;
}

export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/cli/${name}`, import.meta.url));

export function offloop(args: readonly string[], how?: How): Running {
  return node([cli, ...args], how);
}

/** Starts Node. The process is killed at the end of the test, whatever the test's result. */
export function node(args: readonly string[], { env = {}, input = '', ...options }: How = {}): Running {
  const child = spawn(process.execPath, args, { ...options, env: { ...cleanEnvironment(), ...env }, stdio: 'pipe' });
  onTestFinished(() => { child.kill('SIGKILL'); });
  const read = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => { read.stdout += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { read.stderr += text; });
  child.stdin.on('error', () => {}).end(input);
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...read }));
  return { process: child, ended, wrote: (pattern) => wrote(child, read, ended, pattern) };
}

async function wrote(child: ChildProcessWithoutNullStreams, read: { stdout: string; stderr: string }, ended: Promise<Ended>, pattern: RegExp): Promise<string> {
  const found = (): RegExpExecArray | null => pattern.exec(read.stdout) ?? pattern.exec(read.stderr);
  while (found() === null) {
    const next = [child.stdout, child.stderr].map((stream) => once(stream, 'data'));
    const isOver = await Promise.race([...next, ended.then(() => 'over')]);
    if (isOver === 'over' && found() === null) throw new Error(`Ended without ${String(pattern)}:\n${read.stdout}${read.stderr}`);
  }
  return found()?.[1] ?? '';
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-cli-'));
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

/** The environment without Vitest's own flags, except the flag that selects how Node keeps context: the tests run both with and without it. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS = '', ...env } = process.env;
  const own = Object.entries(env).filter(([name]) => !name.startsWith('OFFLOOP_'));
  return { ...Object.fromEntries(own), NODE_OPTIONS: NODE_OPTIONS.includes('async-context-frame') ? '--no-async-context-frame' : '' };
}

/** The names of the functions that caused the stalls of a report. */
export function namesIn({ offenders }: ReportData): (string | undefined)[] {
  return offenders.map(({ culprit }) => culprit?.function);
}
