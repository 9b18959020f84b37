import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that runs a fixture of test/fixtures/watchdog-life, which prints what it has to say as lines of JSON. */
export interface Watched {
  readonly pid: number;
  /** What it has said so far, by key, in the order it was said. */
  said(key: string): any[];
  /** Resolves to what it says first under this key; rejects when it ends without. */
  says(key: string): Promise<any>;
  /** Resolves when its stderr holds this; rejects when it ends without. */
  stderr(pattern: RegExp): Promise<RegExpExecArray>;
  /** A byte on its stdin, which latch.js waits for. */
  tell(): void;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export interface How {
  /** Of Node. */
  readonly flags?: readonly string[];
  /** After the options. */
  readonly args?: readonly string[];
  /** Where its stderr leads to, when the test is not to read it. */
  readonly stderr?: number;
}

/** @param options of the watchdog */
export function watched(fixture: string, options: object = {}, { flags = [], args = [], stderr }: How = {}): Watched {
  const child = spawn(process.execPath, [...flags, life(fixture), JSON.stringify(options), ...args], { env: cleanEnv(), stdio: ['pipe', 'pipe', stderr ?? 'pipe'] });
  onTestFinished(() => { child.kill('SIGKILL'); });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  const hear = (stream: 'stdout' | 'stderr') => (chunk: string): void => {
    output[stream] += chunk;
    for (const look of waiting) look();
  };
  child.stdout!.setEncoding('utf8').on('data', hear('stdout'));
  child.stderr?.setEncoding('utf8').on('data', hear('stderr'));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  const until = <T>(find: () => T | undefined | null): Promise<T> => new Promise((resolve, reject) => {
    const look = (): void => {
      const found = find() ?? undefined;
      if (found === undefined) return;
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
    void ended.then((all) => { look(); reject(new Error(`It has ended before: ${JSON.stringify(all)}`)); });
  });
  const said = (key: string): any[] => parseLines(output.stdout).filter((line) => key in line).map((line) => line[key]);
  return {
    pid: child.pid!,
    said,
    says: (key) => until(() => said(key)[0]),
    stderr: (pattern) => until(() => pattern.exec(output.stderr)),
    tell: () => { child.stdin!.write('.'); },
    kill: (signal) => { child.kill(signal); },
    ended,
  };
}

/** To its end. */
export function runWatched(...args: Parameters<typeof watched>): Promise<Ended & { said(key: string): any[] }> {
  const { ended, said } = watched(...args);
  return ended.then((all) => ({ ...all, said }));
}

export function life(fixture: string): string {
  return fileURLToPath(new URL(`../fixtures/watchdog-life/${fixture}`, import.meta.url));
}

/** What only the watchdog has written. */
export function ofWatchdog(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line.startsWith('offloop: '));
}

/** The last line may not be whole yet. */
export function parseLines(text: string): any[] {
  return text.split('\n').slice(0, -1).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

export function makeFifo(): string {
  const path = join(tmpdir(), `offloop-test-${randomUUID()}`);
  execFileSync('mkfifo', [path]);
  onTestFinished(() => { rmSync(path); });
  return path;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** On a connection of its own, with any Host header, and the path as it is. */
export function ask(url: string, path: string, { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    request({ hostname, port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    }).on('error', reject).end();
  });
}

/** Asks again and again, until the answer is as wanted. */
export async function askUntil(url: string, path: string, isIt: (answer: Answered) => boolean): Promise<Answered> {
  for (;;) {
    const answer = await ask(url, path);
    if (isIt(answer)) return answer;
  }
}

/** Without what Vitest sets for its workers, and with the one option that the tests are run with and without. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS = '', ...rest } = process.env;
  return { ...rest, NODE_OPTIONS: NODE_OPTIONS.includes('async-context-frame') ? '--no-async-context-frame' : '' };
}
