import type { BatchResults } from '../../wire/batch-results.ts';
import type { MessageTag } from '../../wire/control-block.ts';
import type { CpuAccount } from './account.ts';
import type { CpuSource } from './cpu-source.ts';

/** The part of a call that is charged. */
export interface ChargedCall {
  readonly account: CpuAccount;
  readonly place: number;
}

/** Charges the calls of one message, and keeps no call: their arguments and contexts may be large. Reused for later messages. */
export class MessageCharge {
  #tag: MessageTag = 0;
  /** The account of all calls; undefined where they have several. */
  #account: CpuAccount | undefined;
  /** By place, where the calls have several. */
  #accounts: CpuAccount[] | undefined;
  /** The CPU time that has been charged already. */
  #chargedMs = 0;

  begin(calls: readonly ChargedCall[], tag: MessageTag): void {
    const { account } = calls[0]!;
    this.#tag = tag;
    this.#chargedMs = 0;
    this.#accounts = undefined;
    this.#account = account;
    if (calls.some((call) => call.account !== account)) this.#split(calls);
  }

  /** Whether the calls have several accounts. */
  get isSplit(): boolean {
    return this.#accounts !== undefined;
  }

  /**
   * Call this when the message is over.
   * @param unfinished calls that its worker has begun and not ended: they have used what no other call has
   */
  end(source: CpuSource, results: BatchResults | undefined, unfinished: readonly ChargedCall[]): void {
    if (this.#accounts !== undefined && results !== undefined) this.#chargeCalls(this.#accounts, results, unfinished);
    this.collect(source);
  }

  /** Call this where the worker has not seen the message. */
  drop(): void {
    this.#tag = 0;
  }

  /** Charges what is known by now and has not been charged. @returns whether the figure is there */
  collect(source: CpuSource): boolean {
    if (this.#tag === 0) return true;
    const ms = source.ofMessage(this.#tag);
    this.#chargeUpTo(ms);
    return ms !== undefined;
  }

  /** Charges what the worker has used so far, whether or not it has written it. */
  collectSoFar(source: CpuSource): void {
    if (this.#tag !== 0) this.#chargeUpTo(source.soFar(this.#tag));
  }

  #split(calls: readonly ChargedCall[]): void {
    this.#account = undefined;
    this.#accounts = calls.map(({ account }) => account);
  }

  #chargeCalls(accounts: readonly CpuAccount[], results: BatchResults, unfinished: readonly ChargedCall[]): void {
    const ended: CpuAccount[] = [];
    for (let place = 0; place < accounts.length; place++) {
      const ms = results.cpuMs(place);
      if (ms === undefined) continue;
      accounts[place]!.add(ms);
      this.#chargedMs += ms;
      ended.push(accounts[place]!);
    }
    this.#accounts = unfinished.length > 0 ? unfinished.map(({ account }) => account) : ended;
  }

  /** The rest of a batch with several accounts is its reading and sending, which all calls share. */
  #chargeUpTo(ms: number | undefined): void {
    const rest = ms === undefined ? 0 : ms - this.#chargedMs;
    if (ms === undefined || rest === 0) return;
    this.#chargedMs = ms;
    this.#account?.add(rest);
    if (this.#accounts !== undefined) for (const account of this.#accounts) account.add(rest / this.#accounts.length);
  }
}
