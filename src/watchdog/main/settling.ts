import { withResolvers, type PromiseWithResolvers } from '../../node/promises.ts';

/** Calls of `settle()` that wait for the monitor's answer. The monitor answers them in their order. */
export class Settling {
  readonly #waiting: PromiseWithResolvers<undefined>[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  async wait(): Promise<void> {
    const settled = withResolvers<undefined>();
    this.#waiting.push(settled);
    await settled.promise;
  }

  resolveNext(): void {
    this.#waiting.shift()?.resolve(undefined);
  }

  /** The monitor has ended: nobody is left to answer. */
  resolveAll(): void {
    for (const settled of this.#waiting.splice(0)) settled.resolve(undefined);
  }
}
