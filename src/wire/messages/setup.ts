import type { MessagePort } from 'node:worker_threads';

/** How a worker is set up by its first message. */
export type WorkerSetup = ThreadSetup | ProcessSetup | InlineSetup;

interface CommonSetup {
  /** The worker's number in its pool. */
  readonly worker: number;
  /** Modules to load before the first task. */
  readonly preload: readonly string[];
  /** Measure the heap after each task. */
  readonly reportMemory: boolean;
}

export interface ThreadSetup extends CommonSetup {
  readonly type: 'thread';
  /** For notices and aborts. */
  readonly sidePort: MessagePort;
  /** See control-block.ts. */
  readonly control: SharedArrayBuffer;
  /** See `InspectorLock`. */
  readonly inspectorLock: SharedArrayBuffer;
  /** See `BatchResults`. */
  readonly results: SharedArrayBuffer;
}

export interface ProcessSetup extends CommonSetup {
  readonly type: 'process';
  readonly abortSource: AbortSource;
}

/**
 * Where a process, which shares no memory with the pool, reads which task is to stop: a pipe, given by its descriptor in the process,
 * or a file on Windows. `none`: neither could be made.
 */
export type AbortSource =
  | { readonly type: 'pipe'; readonly descriptor: number }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'none' };

export interface InlineSetup extends CommonSetup {
  readonly type: 'inline';
}
