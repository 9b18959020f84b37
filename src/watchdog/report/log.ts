import { writeSync } from 'node:fs';

import { now } from '../../node/clock.ts';
import { duration, place as filePlace } from '../page/client/format.js';
import { shownStack } from './stack.ts';
import { brief } from './unseen-stall.ts';
import { printable, shorten } from './terminal.ts';
import type { Frame, Stall } from '../types.ts';

/** So many announcements at once, and after them one for every ten seconds. */
const BURST = 20;
const REFILL_MS = 10_000;
const MAX_FRAMES = 12;
const MAX_CONTEXT = 500;

/**
 * The watchdog's log. The monitor writes to the file descriptor at once and from its own thread, since `process.stderr` of a thread
 * waits for the main thread, which is stuck.
 */
export class StallLog {
  readonly #format: 'stderr' | 'json' | false;
  readonly #fd: number;
  #allowed = BURST;
  #refilledAt = 0;
  #heldBack = 0;

  constructor(format: 'stderr' | 'json' | false, fd = 2) {
    this.#format = format;
    this.#fd = fd;
  }

  /** The event loop is stuck now. */
  stuck(stall: Stall, at: number): void {
    this.#write(at, { event: 'stuck', ...brief(stall) }, () => describeStall(stall, `the event loop has been stuck for ${duration(stall.duration)}`));
  }

  /** The event loop is stuck, and nothing more is known. */
  silent(forMs: number, at: number): void {
    this.#write(at, { event: 'silent', duration: forMs }, () => [
      `the event loop has been stuck for ${duration(forMs)} and does not answer: native code, or a call that blocks. Its stack follows when it returns.`,
    ]);
  }

  stillStuck(stall: Stall, at: number): void {
    this.#write(at, { event: 'stuck', ...brief(stall) }, () => [`still stuck, for ${duration(stall.duration)}${where(stall)}`]);
  }

  /** @param wasLogged whether the log has the stall from the time when it lasted */
  ended(stall: Stall, wasLogged: boolean, at: number): void {
    this.#write(at, { event: 'ended', ...brief(stall) }, () =>
      wasLogged ? [`the event loop is free again after ${duration(stall.duration)}${where(stall)}`] : describeStall(stall, `the event loop was stuck for ${duration(stall.duration)}`));
  }

  /** A line about the watchdog itself, which is never held back. */
  notice(text: string): void {
    if (this.#format === 'json') this.#line(JSON.stringify({ offloop: 'notice', text }));
    else if (this.#format === 'stderr') this.#line(`offloop: ${text}`);
  }

  #write(at: number, event: Record<string, unknown>, lines: () => string[]): void {
    if (this.#format === false) return;
    this.#refill(at);
    if (this.#allowed < 1) { this.#heldBack += 1; return; }
    this.#allowed -= 1;
    const heldBack = this.#heldBack;
    this.#heldBack = 0;
    if (this.#format === 'json') { this.#line(JSON.stringify({ offloop: 'stall', ...event, ...(heldBack > 0 && { heldBack }) })); return; }
    if (heldBack > 0) this.#line(`offloop: ${heldBack} more reports were held back; report() counts them all.`);
    const [first = '', ...rest] = lines();
    this.#line([`offloop: ${first}`, ...rest.map((line) => `  ${line}`)].join('\n'));
  }

  #refill(at: number): void {
    if (this.#refilledAt === 0) this.#refilledAt = at;
    const earned = Math.floor((at - this.#refilledAt) / REFILL_MS);
    this.#allowed = Math.min(BURST, this.#allowed + earned);
    this.#refilledAt += earned * REFILL_MS;
  }

  #line(text: string): void {
    writeWhole(this.#fd, `${text}\n`);
  }
}

/** How long a full pipe is tried, in ms. */
const WRITE_LIMIT = 50;

let writingMs = 0;

/** How long this thread has spent writing so far, in ms: a pause of the monitor for that reason says nothing about the machine. */
export function timeSpentWriting(): number {
  return writingMs;
}

/** Writes all of the text. A pipe that nobody empties refuses for a moment (EAGAIN); a closed pipe refuses for good. */
export function writeWhole(fd: number, text: string): void {
  const startedAt = now();
  let rest = Buffer.from(text);
  while (rest.length > 0 && now() - startedAt < WRITE_LIMIT) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') break;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
  writingMs += now() - startedAt;
}

/** Where the stall was, whose request it was, why, and what to do. */
function describeStall(stall: Stall, what: string): string[] {
  const { culprit, context, task, kind, confidence, samples, advice } = stall;
  const called = culprit?.calledFrom === undefined ? '' : `, called from ${linkedPlace(culprit.calledFrom)}`;
  return [
    `${what}${culprit === undefined ? '' : ` in ${linkedPlace(culprit)}${called}`}`,
    `${kind}${confidence === 'live' ? '' : confidence === 'at-return' ? ', seen as it returned' : ', no stack could be had'}`,
    ...(task === undefined ? [] : [`task: ${printable(task)}`]),
    ...(Object.keys(context).length === 0 ? [] : [`context: ${shorten(printable(JSON.stringify(context)), MAX_CONTEXT, 'start')}`]),
    ...stackLines(samples.at(-1) ?? []),
    ...(advice.text === '' ? [] : advice.text.split('\n').map((line, i) => (i === 0 ? `→ ${printable(line)}` : `  ${printable(line)}`))),
  ];
}

function stackLines(stack: readonly Frame[]): string[] {
  const shown = shownStack(stack);
  const lines = shown.slice(0, MAX_FRAMES).map((frame) => `    at ${frame.isAsync === true ? 'async ' : ''}${linkedPlace(frame)}`);
  return shown.length > MAX_FRAMES ? [...lines, `    … ${shown.length - MAX_FRAMES} more`] : lines;
}

function where({ culprit }: Stall): string {
  return culprit === undefined ? '' : ` in ${linkedPlace(culprit)}`;
}

/** `validate (src/validate.js:12:9)`: an editor's terminal makes a link of this. */
function linkedPlace(frame: Frame): string {
  return printable(frame.line === 0 ? frame.function : `${frame.function} (${filePlace(frame, process.cwd())}:${frame.column})`);
}
