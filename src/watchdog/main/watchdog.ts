/*
 * main/ runs on the watched thread, between its callbacks: the heartbeat, the start and the end of the monitor, and whatever a stall
 * has to do with the user's code (`onStall`, `ignore`, `expectBlock()`).
 */
import { normalizeWatchdogOptions, type WatchdogOptions } from '../options.ts';
import type { Watchdog } from '../types.ts';
import { MainWatchdog } from './main-watchdog.ts';

/**
 * Starts a thread that notices when this thread's event loop is stuck, while it is stuck, and says in which function, for
 * whose request, and what to do about it. The watchdog costs next to nothing until something is wrong, and keeps no process alive.
 *
 * @example
 * startWatchdog({ threshold: 100 });
 *
 * @throws OptionError (OFFLOOP_OPTION)
 */
export function startWatchdog(options: WatchdogOptions = {}): Watchdog {
  return new MainWatchdog(normalizeWatchdogOptions(options), undefined);
}
