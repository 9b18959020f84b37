import { epochNow } from '../node/clock.ts';
import type { ParentMessage, WatchdogState } from '../register/parent-messages.ts';
import { Ranking } from '../watchdog/report/ranking.ts';
import { createReport } from '../watchdog/watchdog-report.ts';
import { stallKinds } from '../watchdog/stall-kinds.ts';
import type { Stall, WatchdogReport } from '../watchdog/types.ts';

/** Collects what the program's watchdog reports, outside of the program: when that process is killed, nothing else is left. */
export class Listener {
  readonly #ranking = new Ranking();
  #state: WatchdogState | undefined;
  /** The stall that lasts, as far as it is known. */
  #lasting: Stall | undefined;
  #worst: Stall | undefined;

  receive(line: string): void {
    const message = parsed(line);
    if (message === undefined) return;
    if ('state' in message) {
      this.#state = message.state;
      // The loop turns, so the stall is over, or the watchdog found that there was none.
      this.#lasting = undefined;
    } else if (message.isOver) this.#add(message.stall);
    else this.#lasting = message.stall;
  }

  /** The longest stall that the program itself has caused: a machine without a CPU to spare is not the program's fault. */
  get worst(): Stall | undefined {
    return this.#worst;
  }

  /** The report at the end of the program. Undefined when the program was not watched. */
  report(): WatchdogReport | undefined {
    if (this.#lasting !== undefined) this.#add(this.#lasting);
    if (this.#state === undefined) return undefined;
    const ranking = this.#ranking.toJSON();
    // The program may have been stuck before its watchdog could report that it was ready.
    const isLive = ranking.offenders.some(({ stack }) => stack.length > 0);
    return createReport({ ...this.#state, ...(isLive && { capture: { mode: 'live' } }), until: epochNow(), ...ranking });
  }

  #add(stall: Stall): void {
    // A stall that began later than this one still lasts.
    if (this.#lasting !== undefined && this.#lasting.startedAt < stall.startedAt + stall.duration / 2) this.#lasting = undefined;
    this.#ranking.add(stall);
    if (stallKinds[stall.kind].isProgramsFault && stall.duration > (this.#worst?.duration ?? 0)) this.#worst = stall;
  }
}

/** The last line may have been cut off. */
function parsed(line: string): ParentMessage | undefined {
  try {
    return JSON.parse(line) as ParentMessage;
  } catch {
    return undefined;
  }
}
