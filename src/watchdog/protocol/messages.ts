import type { MessagePort } from 'node:worker_threads';

import type { PoolMetrics } from '../../shared/introspection.ts';
import type { Capture, Stall } from '../types.ts';
import type { WatchdogOptions } from '../options.ts';

/** What the monitor is started with. */
export interface MonitorData extends Required<Pick<WatchdogOptions, 'threshold'>> {
  readonly id: number;
  /** Of the watched thread: 0 is the main thread. */
  readonly threadId: number;
  /** Its folder under /proc. */
  readonly thread: string | undefined;
  readonly board: SharedArrayBuffer;
  readonly port: MessagePort;
  /** Of the heartbeat, in ms. */
  readonly interval: number;
  readonly log: 'stderr' | 'json' | false;
  readonly page: { readonly port: number; readonly host: string } | undefined;
  readonly abortAfter: number | undefined;
  readonly sampling: boolean;
  readonly hasIgnore: boolean;
  /** Why the inspector must not even be tried. */
  readonly refusal: string | undefined;
  /** Where `offloop run` listens: a file descriptor that takes each counted stall as a line of JSON. */
  readonly tellTo: number | undefined;
}

/** From the monitor to the main thread. */
export type MonitorEvent =
  | { readonly type: 'ready'; readonly capture: Capture; readonly url: string | undefined }
  | { readonly type: 'stall'; readonly number: number; readonly stall: Stall }
  | { readonly type: 'settled' };

/** From the main thread to the monitor. */
export type MonitorCommand =
  | { readonly type: 'count'; readonly number: number }
  | { readonly type: 'pools'; readonly pools: PoolMetrics[] }
  /** Answered by `settled`, when every stall up to now has been told. */
  | { readonly type: 'settle' }
  | { readonly type: 'stop' };
