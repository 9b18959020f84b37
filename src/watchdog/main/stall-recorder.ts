import diagnostics from 'node:diagnostics_channel';

import type { WatchdogSettings } from '../options.ts';
import { Ranking } from '../report/ranking.ts';
import type { Stall } from '../types.ts';
import { guard } from './guarded-callback.ts';

/** `offloop:stall` gets every stall, once it is over. */
const channel = diagnostics.channel('offloop:stall');

/** Counts the stalls of this thread, and hands each to the user: `ignore`, `onStall`, the diagnostics channel. */
export class StallRecorder {
  readonly ranking = new Ranking();
  readonly #settings: Pick<WatchdogSettings, 'ignore' | 'onStall'>;

  constructor(settings: Pick<WatchdogSettings, 'ignore' | 'onStall'>) {
    this.#settings = settings;
  }

  /** Returns whether the stall counts: whether the user does not ignore it. */
  record(stall: Stall): boolean {
    if (this.ignores(stall)) return false;
    this.ranking.add(stall);
    if (channel.hasSubscribers) channel.publish(stall);
    guard('onStall', () => this.#settings.onStall?.(stall));
    return true;
  }

  ignores(stall: Stall): boolean {
    return guard('ignore', () => this.#settings.ignore?.(stall)) === true;
  }
}
