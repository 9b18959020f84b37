/*
 * protocol/ is what the watched thread and the monitor share: the messages between them, the shared state, what a probe finds, the
 * key by which the monitor finds the probes, and the operating system's figures about one thread.
 */
import type { MessagePort } from 'node:worker_threads';

import type { PoolMetrics } from '../../shared/pool-stats.ts';
import type { Capture, Stall } from '../types.ts';
import type { WatchdogSettings } from '../options.ts';

/** The start data of the monitor's thread: all settings but the user's functions, which cannot cross, and run on the watched thread. */
export interface MonitorData extends Omit<WatchdogSettings, 'onStall' | 'ignore'> {
  /** The watchdog's id, by which the monitor finds its probe. */
  readonly id: number;
  /** The watched thread's number; 0 is the main thread. */
  readonly threadId: number;
  /** The watched thread's folder under /proc. */
  readonly thread: string | undefined;
  /** The memory of the shared state. */
  readonly sharedState: SharedArrayBuffer;
  readonly port: MessagePort;
  /** Between two heartbeats, in ms. */
  readonly interval: number;
  readonly hasIgnore: boolean;
  /** Why the inspector must not even be tried. */
  readonly inspectorRefusal: string | undefined;
  /** The file descriptor on which `offloop run` reads each counted stall as a line of JSON. */
  readonly parentFd: number | undefined;
}

/** From the monitor to the watched thread. */
export type MonitorEvent =
  | { readonly type: 'ready'; readonly capture: Capture; readonly url: string | undefined }
  | { readonly type: 'stall'; readonly number: number; readonly stall: Stall }
  | { readonly type: 'settled' };

/** From the watched thread to the monitor. */
export type MonitorCommand =
  /** The stall of this number is not ignored, and counts. */
  | { readonly type: 'count'; readonly number: number }
  | { readonly type: 'pools'; readonly pools: PoolMetrics[] }
  /** Answered by `settled`, once every stall up to now has been reported. */
  | { readonly type: 'settle' }
  | { readonly type: 'stop' };
