import type { Session } from 'node:inspector';

import { askWorker, letGo, type Answer } from '../../node/inspector.ts';
import type { Finding, ProbeTime } from '../probe/probe.ts';
import type { Sampled } from '../probe/sampler.ts';
import type { Stall } from '../types.ts';

const MAIN = 0;

/** The watched thread's side has stopped: there is nothing wrong, and nobody left to ask. */
export class ProbeStopped extends Error {}

/**
 * Asks the watched thread something in the middle of whatever it does: the inspector interrupts it to evaluate an
 * expression, which runs on top of the frames that are stuck. No Debugger is enabled, no port is opened, nothing is paused.
 *
 * Connected for one question only: a session that is left connected makes the process wait for it at its end.
 */
export class ProbeClient {
  readonly #id: number;
  readonly #threadId: number;
  readonly #open = new Set<Session>();
  #isEnded = false;

  /** @param threadId of the thread that is watched: 0 is the main thread */
  constructor(id: number, threadId: number) {
    this.#id = id;
    this.#threadId = threadId;
  }

  /** @throws where there is no inspector: ERR_ACCESS_DENIED, ERR_INSPECTOR_NOT_AVAILABLE */
  async look(episode: number): Promise<Finding> {
    return this.#answer<Finding>(`look(${episode})`);
  }

  async ignores(stall: Stall): Promise<boolean> {
    return (await this.#ask(`ignores(${JSON.stringify(stall)})`)) === true;
  }

  async sample(): Promise<ProbeTime<boolean>> {
    return this.#answer('sample()');
  }

  async sampled(from: number, to: number): Promise<ProbeTime<Sampled>> {
    return this.#answer(`sampled(${from}, ${to})`);
  }

  /**
   * Ends the process at once, whatever the main thread does in JavaScript. All has been said, so standard error is closed:
   * Node would complain there of this very session ("Waiting for the debugger to disconnect...").
   */
  async exit(code: number): Promise<void> {
    await this.#evaluate(`process.getBuiltinModule('node:fs').closeSync(2), process.reallyExit(${code})`, MAIN);
  }

  /** Nothing is asked from now on. */
  end(): void {
    this.#isEnded = true;
    this.disconnect();
  }

  disconnect(): void {
    for (const session of this.#open) hangUp(session);
    this.#open.clear();
  }

  /** Of what answers in JSON. */
  async #answer<R>(call: string): Promise<R> {
    const answer = await this.#ask(call);
    if (answer === undefined) throw new ProbeStopped('the watchdog has stopped');
    return JSON.parse(answer as string) as R;
  }

  #ask(call: string): Promise<unknown> {
    return this.#evaluate(`globalThis[Symbol.for('offloop.shared.1')].get('watchdog probes').get(${this.#id})?.${call}`, this.#threadId);
  }

  async #evaluate(expression: string, threadId: number): Promise<unknown> {
    const { Session } = await import('node:inspector');
    if (this.#isEnded) throw new ProbeStopped('the watchdog has stopped');
    const session = new Session();
    session.connectToMainThread();
    this.#open.add(session);
    try {
      return valueOf(await (threadId === MAIN ? askMain(session, expression) : askWorker(session, expression, threadId)));
    } finally {
      // Its own alone: the next question may be under way.
      if (this.#open.delete(session)) hangUp(session);
    }
  }
}

function askMain(session: Session, expression: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}

function hangUp(session: Session): void {
  void letGo(session);
  session.disconnect();
}

function valueOf({ exceptionDetails, result }: Answer): unknown {
  if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}
