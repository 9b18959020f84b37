import type { Session } from 'node:inspector';

import { askWorker, letGo, type Answer } from '../../node/inspector.ts';
import { SELF_TEST, type Finding, type ProbeTime, type ProfileSummary } from '../protocol/findings.ts';
import { probeExpression } from '../protocol/probe-key.ts';
import type { Capture, Stall } from '../types.ts';

const MAIN = 0;

/** The probe on the watched thread has stopped: nothing is wrong, and nobody is left to answer. */
class ProbeStopped extends Error {}

/**
 * The monitor's side of the probe. The inspector interrupts the watched thread, in the middle of whatever it does, to evaluate an
 * expression, which runs on top of the frames that are stuck. No Debugger is enabled, no port is opened, nothing is paused.
 *
 * Each question connects a session of its own: the process would wait at its end for a session that is left connected.
 */
export class ProbeClient {
  readonly #id: number;
  readonly #threadId: number;
  readonly #sessions = new Set<Session>();
  #isEnded = false;

  /** @param threadId the watched thread's number; 0 is the main thread */
  constructor(id: number, threadId: number) {
    this.#id = id;
    this.#threadId = threadId;
  }

  /**
   * Proves once that the watched thread can be asked, and warms the inspector up, which takes up to 120 ms on Node 24.
   * @returns undefined when the watchdog was stopped meanwhile
   */
  async selfTest(): Promise<Capture | undefined> {
    try {
      const { frames } = await this.look(SELF_TEST);
      return Array.isArray(frames) ? { mode: 'live' } : { mode: 'lag-only', reason: 'the main thread gave no stack' };
    } catch (error) {
      return error instanceof ProbeStopped ? undefined : { mode: 'lag-only', reason: whyNoStack(error) };
    }
  }

  /** @throws where there is no inspector: ERR_ACCESS_DENIED, ERR_INSPECTOR_NOT_AVAILABLE */
  async look(stallId: number): Promise<Finding> {
    return this.#askForJSON<Finding>(`look(${stallId})`);
  }

  async ignores(stall: Stall): Promise<boolean> {
    return (await this.#ask(`ignores(${JSON.stringify(stall)})`)) === true;
  }

  async startProfiler(): Promise<ProbeTime<boolean>> {
    return this.#askForJSON('startProfiler()');
  }

  async stopProfiler(from: number, to: number): Promise<ProbeTime<ProfileSummary>> {
    return this.#askForJSON(`stopProfiler(${from}, ${to})`);
  }

  /**
   * Ends the process at once, whatever the main thread does in JavaScript. Standard error is closed first, since the log is complete
   * by then: Node would complain there of this very session ("Waiting for the debugger to disconnect...").
   */
  async exit(code: number): Promise<void> {
    await this.#evaluate(`process.getBuiltinModule('node:fs').closeSync(2), process.reallyExit(${code})`, MAIN);
  }

  /** Disconnects, and refuses every later question. */
  end(): void {
    this.#isEnded = true;
    this.disconnect();
  }

  disconnect(): void {
    for (const session of this.#sessions) disconnect(session);
    this.#sessions.clear();
  }

  async #askForJSON<R>(call: string): Promise<R> {
    const answer = await this.#ask(call);
    if (answer === undefined) throw new ProbeStopped('the watchdog has stopped');
    return JSON.parse(answer as string) as R;
  }

  #ask(call: string): Promise<unknown> {
    return this.#evaluate(probeExpression(this.#id, call), this.#threadId);
  }

  async #evaluate(expression: string, threadId: number): Promise<unknown> {
    const { Session } = await import('node:inspector');
    if (this.#isEnded) throw new ProbeStopped('the watchdog has stopped');
    const session = new Session();
    session.connectToMainThread();
    this.#sessions.add(session);
    try {
      return valueOf(await (threadId === MAIN ? askMain(session, expression) : askWorker(session, expression, threadId)));
    } finally {
      // Only this session: the next question may be under way on another.
      if (this.#sessions.delete(session)) disconnect(session);
    }
  }
}

function whyNoStack(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ERR_INSPECTOR_NOT_AVAILABLE') return 'this build of Node has no inspector';
  // The message of an error on the watched thread includes its stack.
  return (message ?? String(error)).split('\n', 1)[0]!;
}

function askMain(session: Session, expression: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}

function disconnect(session: Session): void {
  void letGo(session);
  session.disconnect();
}

function valueOf({ exceptionDetails, result }: Answer): unknown {
  if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}
