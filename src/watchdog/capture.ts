import type { Finding, RawFrame } from './probe.ts';
import type { Stall } from './types.ts';

/**
 * Asks the main thread something in the middle of whatever it does: the inspector interrupts it to evaluate an
 * expression, which runs on top of the frames that are stuck. No Debugger is enabled, no port is opened, nothing is paused.
 *
 * Connected for one question only: a session that is left connected makes the process wait for it at its end.
 */
export class Prober {
  readonly #id: number;
  #disconnect: (() => void) | undefined;

  constructor(id: number) {
    this.#id = id;
  }

  get isConnected(): boolean {
    return this.#disconnect !== undefined;
  }

  /** @throws where there is no inspector: ERR_ACCESS_DENIED, ERR_INSPECTOR_NOT_AVAILABLE */
  async look(episode: number): Promise<Finding> {
    return JSON.parse(String(await this.#ask(`look(${episode})`))) as Finding;
  }

  async ignores(stall: Stall): Promise<boolean> {
    return (await this.#ask(`ignores(${JSON.stringify(stall)})`)) === true;
  }

  async sample(): Promise<boolean> {
    return (await this.#ask('sample()')) === true;
  }

  async sampled(from: number, to: number): Promise<RawFrame[] | undefined> {
    return (JSON.parse(String(await this.#ask(`sampled(${from}, ${to})`))) as RawFrame[] | null) ?? undefined;
  }

  /** Ends the process at once, whatever the main thread does in JavaScript. */
  async exit(code: number): Promise<void> {
    await this.#evaluate(`process.reallyExit(${code})`);
  }

  disconnect(): void {
    this.#disconnect?.();
    this.#disconnect = undefined;
  }

  #ask(call: string): Promise<unknown> {
    return this.#evaluate(`globalThis[Symbol.for('offloop.shared.1')].get('watchdog probes').get(${this.#id}).${call}`);
  }

  async #evaluate(expression: string): Promise<unknown> {
    const { Session } = await import('node:inspector');
    const session = new Session();
    session.connectToMainThread();
    this.#disconnect = () => { session.disconnect(); };
    try {
      return await new Promise((resolve, reject) => {
        session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, answer) => {
          if (error !== null) reject(error);
          else if (answer.exceptionDetails !== undefined) reject(new Error(answer.exceptionDetails.exception?.description ?? answer.exceptionDetails.text));
          else resolve(answer.result.value);
        });
      });
    } finally {
      this.disconnect();
    }
  }
}
