import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';

import type { Capture, Stall, WatchdogReport } from 'offloop/watchdog';
import { onTestFinished } from 'vitest';

/** A line of stderr, from the watchdog, or from the server where a request's work began or ended. Lines are kept in the order of writing. */
export interface Line extends Partial<Stall> {
  readonly offloop?: 'stall' | 'notice';
  readonly event?: 'stuck' | 'silent' | 'ended';
  readonly work?: 'begun' | 'ended';
}

/** The work of one request, in ms: its duration, and how long the thread that waited longest for a CPU had none. */
export interface Scheduling {
  readonly ms: number;
  readonly waitingMs: number;
}

export interface WatchedOptions {
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The command that starts the process, such as `['taskset', '-c', '0']`. */
  readonly under?: readonly string[];
}

interface Messages {
  listening: { readonly port: number; readonly capture: Capture };
  'outside ended': object;
  loaded: object;
  stopped: { readonly report: WatchdogReport };
}

type Message = { readonly type: 'stall'; readonly stall: Stall } | { [Type in keyof Messages]: { readonly type: Type } & Messages[Type] }[keyof Messages];

/** The timeout of a wait, in ms. The watchdog reports a stall within two heartbeats of its end, so a wait of this length shows a bug. */
const TIMEOUT_MS = 10_000;

export function fixture(path: string): URL {
  return new URL(`../fixtures/watchdog/${path}`, import.meta.url);
}

/** Starts the server of test/fixtures/watchdog/app.js in a process of its own. Each request calls the module. */
export async function startServer(module: URL, options: WatchedOptions = {}): Promise<Watched> {
  const watched = startProcess(fixture('app.js'), [module.href], options);
  const { port } = await watched.message('listening');
  watched.port = port;
  return watched;
}

/**
 * A machine that is busy with other work can starve the process, and the watchdog is then right to report starvation. Such a run
 * shows nothing else, so a run is repeated, but only where the watchdog reports starvation and the kernel has counted it, too.
 */
export async function undisturbed(run: () => Promise<Watched>): Promise<Watched> {
  for (let nth = 1; ; nth++) {
    const watched = await run();
    if (nth === 3 || !watched.wasStarved) return watched;
  }
}

/** Starts another script, which has a watchdog of its own. */
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
  /** The stalls that `onStall` was called with. */
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

  /** Resolves when the server has responded to the request, hence when the request's work has ended. */
  async request(requestId: string = randomUUID()): Promise<Scheduling> {
    const response = await fetch(`http://127.0.0.1:${this.port}/`, { headers: { 'x-request-id': requestId } });
    const scheduling = (await response.json()) as Scheduling;
    this.#schedulings.push(scheduling);
    return scheduling;
  }

  get wasStarved(): boolean {
    return this.stalls.some(({ kind }) => kind === 'starved') && this.#schedulings.some(({ ms, waitingMs }) => waitingMs > ms / 3);
  }

  /** Makes the process call the module's `outside`, in the context of no request. */
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

  /** Stops the watchdog, which first reports all stalls that the watchdog has found, and ends the process. */
  async stop(): Promise<WatchdogReport> {
    this.#child.send('stop');
    const { report } = await this.message('stopped');
    await this.until('the end of the process', () => this.#isClosed || undefined);
    this.report = report;
    return report;
  }

  /** Resolves to the first result of `find` that is not undefined. `find` is called whenever the process has written something. */
  async until<T>(what: string, find: () => T | undefined): Promise<T> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.#isClosed || timeout.aborted) throw new Error(`Expected ${what}, got ${this.#isClosed ? 'the end' : 'nothing'}.\n${this.#transcript()}`);
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

  #transcript(): string {
    return [...this.lines.map((line) => JSON.stringify(line)), this.#otherText].join('\n');
  }
}
