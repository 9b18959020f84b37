import type { CpuSum } from './account.ts';

/** How many keys have a sum of their own: keys may come from users, and memory must not grow with them. */
const MAX_KEYS = 1000;

/** The name of the sum of all further keys, and of the calls without a key. */
const OTHER = 'other';

/** The CPU time by the key of `billBy`. */
export class Bills {
  readonly #other: CpuSum = { cpuMs: undefined };
  readonly #bills = new Map<string, CpuSum>();

  of(key: string | undefined): CpuSum {
    if (key === undefined || key === OTHER) return this.#other;
    const known = this.#bills.get(key);
    if (known !== undefined) return known;
    if (this.#bills.size >= MAX_KEYS) return this.#other;
    const bill: CpuSum = { cpuMs: undefined };
    this.#bills.set(key, bill);
    return bill;
  }

  /** In ms. Without a prototype: a key may be `constructor`. */
  stats(): Record<string, number> {
    const sums = Object.create(null) as Record<string, number>;
    for (const [key, { cpuMs }] of [...this.#bills, [OTHER, this.#other] as const]) if (cpuMs !== undefined) sums[key] = cpuMs;
    return sums;
  }
}
