import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';

import type { Capture, Stall, WatchdogReport } from 'offloop/watchdog';
import { onTestFinished } from 'vitest';

/** What the process wrote to stderr, in order: lines of the watchdog, and one where the work of a request had ended. */
export interface Line extends Partial<Stall> {
  readonly offloop?: 'stall' | 'notice';
  readonly event?: 'stuck' | 'silent' | 'ended';
  readonly work?: 'begun' | 'ended';
}

/** Of the work of one request, in ms: how long it took, and how much of that the thread that fared worst had no CPU. */
export interface Scheduling {
  readonly ms: number;
  readonly waitingMs: number;
}

export interface WatchedOptions {
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What starts the process, such as `['taskset', '-c', '0']`. */
  readonly under?: readonly string[];
}

interface Messages {
  listening: { readonly port: number; readonly capture: Capture };
  'outside ended': object;
  loaded: object;
  stopped: { readonly report: WatchdogReport };
}

type Message = { readonly type: 'stall'; readonly stall: Stall } | { [Type in keyof Messages]: { readonly type: Type } & Messages[Type] }[keyof Messages];

/** A stall is told of within two beats of its end; whoever waits this long, in ms, has found a bug. */
const PATIENCE = 10_000;

export function fixture(path: string): URL {
  return new URL(`../fixtures/watchdog/${path}`, import.meta.url);
}

/** The server of test/fixtures/watchdog/app.js, in a process of its own, whose requests call that module. */
export async function startServer(module: URL, options: WatchedOptions = {}): Promise<Watched> {
  const watched = startProcess(fixture('app.js'), [module.href], options);
  const { port } = await watched.message('listening');
  watched.port = port;
  return watched;
}

/**
 * A machine that is busy with other things can starve the process, and the watchdog is right to say so then. Only where
 * it does, and the kernel has counted that, too, the run says nothing else and is done again.
 */
export async function undisturbed(run: () => Promise<Watched>): Promise<Watched> {
  for (let nth = 1; ; nth++) {
    const watched = await run();
    if (nth === 3 || !watched.wasStarved) return watched;
  }
}

/** Another script, with a watchdog of its own. */
export function startProcess(script: URL, args: readonly string[], { execArgv = [], env = {}, under = [] }: WatchedOptions = {}): Watched {
  const { NODE_OPTIONS = '', ...rest } = process.env;
  const [execPath, ...before] = [...under, process.execPath];
  const child = fork(script, args, {
    ...{ execPath, execArgv: [...before, ...execArgv], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    env: { ...rest, NODE_OPTIONS: NODE_OPTIONS.includes('async-context-frame') ? '--no-async-context-frame' : '', ...env },
  });
  onTestFinished(() => { child.kill('SIGKILL'); });
  return new Watched(child);
}

export class Watched {
  readonly lines: Line[] = [];
  /** As `onStall` was given them. */
  readonly stalls: Stall[] = [];
  readonly pid: number;
  port = 0;
  report: WatchdogReport | undefined;
  readonly #schedulings: Scheduling[] = [];
  readonly #child: ChildProcess;
  readonly #messages: Message[] = [];
  #otherText = '';
  #isClosed = false;
  #wake = (): void => {};

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid!;
    child.on('message', (message: Message) => {
      if (message.type === 'stall') this.stalls.push(message.stall);
      else this.#messages.push(message);
      this.#wake();
    });
    createInterface(child.stderr!).on('line', (line) => { this.#read(line); });
    child.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Resolves when it is answered, and so when its work has ended. */
  async request(requestId: string = randomUUID()): Promise<Scheduling> {
    const response = await fetch(`http://127.0.0.1:${this.port}/`, { headers: { 'x-request-id': requestId } });
    const scheduling = (await response.json()) as Scheduling;
    this.#schedulings.push(scheduling);
    return scheduling;
  }

  get wasStarved(): boolean {
    return this.stalls.some(({ kind }) => kind === 'starved') && this.#schedulings.some(({ ms, waitingMs }) => waitingMs > ms / 3);
  }

  /** Has the module's `outside` called, in the context of no request. */
  async outside(): Promise<void> {
    this.#child.send('outside');
    await this.message('outside ended');
  }

  kill(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  message<Type extends keyof Messages>(type: Type): Promise<Messages[Type]> {
    const isIt = (message: Message): message is Extract<Message, { type: Type }> => message.type === type;
    return this.until(type, () => this.#messages.find(isIt) as Messages[Type] | undefined);
  }

  line(event: NonNullable<Line['event']>, nth = 0): Promise<Line> {
    return this.until(event, () => this.lines.filter((line) => line.event === event)[nth]);
  }

  stall(nth = 0): Promise<Stall> {
    return this.until('a stall', () => this.stalls[nth]);
  }

  /** Stops the watchdog, which tells before that of whatever it has found, and ends the process. */
  async stop(): Promise<WatchdogReport> {
    this.#child.send('stop');
    const { report } = await this.message('stopped');
    await this.until('the end of the process', () => this.#isClosed || undefined);
    this.report = report;
    return report;
  }

  /** What `find` returns, once it returns something; it is asked whenever the process has said something. */
  async until<T>(what: string, find: () => T | undefined): Promise<T> {
    const timeout = AbortSignal.timeout(PATIENCE);
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.#isClosed || timeout.aborted) throw new Error(`Expected ${what}, got ${this.#isClosed ? 'the end' : 'nothing'}.\n${this.#story()}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timeout.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  #read(line: string): void {
    if (line.startsWith('{')) this.lines.push(JSON.parse(line) as Line);
    else this.#otherText += `${line}\n`;
    this.#wake();
  }

  #story(): string {
    return [...this.lines.map((line) => JSON.stringify(line)), this.#otherText].join('\n');
  }
}
