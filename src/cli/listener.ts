import { epochNow } from '../node/clock.ts';
import type { Told, WatchState } from '../register/parent-messages.ts';
import { Ranking } from '../watchdog/report/ranking.ts';
import { createReport } from '../watchdog/watchdog-report.ts';
import { stallKinds } from '../watchdog/stall-kinds.ts';
import type { Stall, WatchdogReport } from '../watchdog/types.ts';

/** Keeps what the program has told, outside of it: of a process that is killed, nothing else is left. */
export class Listener {
  readonly #ranking = new Ranking();
  #state: WatchState | undefined;
  /** A stall that is not known to be over. */
  #lasting: Stall | undefined;
  #worst: Stall | undefined;

  hear(line: string): void {
    const told = parsed(line);
    if (told === undefined) return;
    if ('state' in told) {
      this.#state = told.state;
      // The loop turns: whatever it was, it is over, or the watchdog thought better of it.
      this.#lasting = undefined;
    } else if (told.isOver) this.#add(told.stall);
    else this.#lasting = told.stall;
  }

  /** Of one that the program itself has caused; a machine that gave it no CPU is not its fault. */
  get worst(): Stall | undefined {
    return this.#worst;
  }

  /** The program has ended. Undefined when it was not watched. */
  report(): WatchdogReport | undefined {
    if (this.#lasting !== undefined) this.#add(this.#lasting);
    if (this.#state === undefined) return undefined;
    const ranking = this.#ranking.toJSON();
    // Stuck before it could tell that it was ready.
    const isLive = ranking.offenders.some(({ stack }) => stack.length > 0);
    return createReport({ ...this.#state, ...(isLive && { capture: { mode: 'live' } }), until: epochNow(), ...ranking });
  }

  #add(stall: Stall): void {
    // Where the next stall began, that one still lasts.
    if (this.#lasting !== undefined && this.#lasting.startedAt < stall.startedAt + stall.duration / 2) this.#lasting = undefined;
    this.#ranking.add(stall);
    if (stallKinds[stall.kind].isProgramsFault && stall.duration > (this.#worst?.duration ?? 0)) this.#worst = stall;
  }
}

/** The last line may have been cut off. */
function parsed(line: string): Told | undefined {
  try {
    return JSON.parse(line) as Told;
  } catch {
    return undefined;
  }
}
