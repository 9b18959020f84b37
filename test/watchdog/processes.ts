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

/** A process that runs a fixture of test/fixtures/watchdog-life. The fixture prints its messages as lines of JSON. */
export interface Watched {
  readonly pid: number;
  /** The messages so far with this key, in the order in which the process printed them. */
  said(key: string): any[];
  /** Resolves to the first message with this key; rejects when the process ends without such a message. */
  says(key: string): Promise<any>;
  /** Resolves when the process's stderr matches; rejects when the process ends without a match. */
  stderr(pattern: RegExp): Promise<RegExpExecArray>;
  /** Writes a byte to the process's stdin, which latch.js waits for. */
  tell(): void;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export interface How {
  /** Node's flags. */
  readonly flags?: readonly string[];
  /** The fixture's arguments after the options. */
  readonly args?: readonly string[];
  /** The file descriptor that stderr is connected to, where the test does not read stderr. */
  readonly stderr?: number;
}

/** @param options the watchdog's options */
export function watched(fixture: string, options: object = {}, { flags = [], args = [], stderr }: How = {}): Watched {
  const child = spawn(process.execPath, [...flags, lifeFixture(fixture), JSON.stringify(options), ...args], { env: cleanEnv(), stdio: ['pipe', 'pipe', stderr ?? 'pipe'] });
  onTestFinished(() => { child.kill('SIGKILL'); });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  const append = (stream: 'stdout' | 'stderr') => (chunk: string): void => {
    output[stream] += chunk;
    for (const look of waiting) look();
  };
  child.stdout!.setEncoding('utf8').on('data', append('stdout'));
  child.stderr?.setEncoding('utf8').on('data', append('stderr'));
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

/** Runs a fixture until its process ends. */
export function runWatched(...args: Parameters<typeof watched>): Promise<Ended & { said(key: string): any[] }> {
  const { ended, said } = watched(...args);
  return ended.then((all) => ({ ...all, said }));
}

export function lifeFixture(fixture: string): string {
  return fileURLToPath(new URL(`../fixtures/watchdog-life/${fixture}`, import.meta.url));
}

/** The lines that the watchdog has written. */
export function watchdogLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line.startsWith('offloop: '));
}

/** Parses the lines of JSON; the last line is left out, since the process may not have written all of it yet. */
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

/** Sends a request on a connection of its own, with any Host header, and with the path unchanged. */
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

/** Repeats a request until the response satisfies `isIt`. */
export async function askUntil(url: string, path: string, isIt: (answer: Answered) => boolean): Promise<Answered> {
  for (;;) {
    const answer = await ask(url, path);
    if (isIt(answer)) return answer;
  }
}

/** The environment without the options that Vitest sets for its workers, except the option that the tests run both with and without. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS = '', ...rest } = process.env;
  return { ...rest, NODE_OPTIONS: NODE_OPTIONS.includes('async-context-frame') ? '--no-async-context-frame' : '' };
}
