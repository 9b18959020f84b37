/** A sum of CPU time. */
export interface CpuSum {
  /** Undefined until a figure has come: not every system tells one. */
  cpuMs: number | undefined;
}

/** The sums that the CPU time of a call is added to: that of its task, and with `billBy` that of its key. Calls of one task and key share an account. */
export class CpuAccount {
  readonly #task: CpuSum;
  readonly #bill: CpuSum | undefined;

  constructor(task: CpuSum, bill: CpuSum | undefined) {
    this.#task = task;
    this.#bill = bill;
  }

  add(ms: number): void {
    this.#task.cpuMs = (this.#task.cpuMs ?? 0) + ms;
    if (this.#bill !== undefined) this.#bill.cpuMs = (this.#bill.cpuMs ?? 0) + ms;
  }
}

/** The accounts of one task. */
export class TaskCpu implements CpuSum {
  cpuMs: number | undefined = undefined;
  /** The account of the calls of a pool without `billBy`. */
  readonly account = new CpuAccount(this, undefined);
  readonly #accounts = new Map<CpuSum, CpuAccount>();

  accountFor(bill: CpuSum): CpuAccount {
    let account = this.#accounts.get(bill);
    if (account === undefined) this.#accounts.set(bill, (account = new CpuAccount(this, bill)));
    return account;
  }
}
