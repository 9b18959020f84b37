import { shared } from '../shared/shared.ts';
import { warnOnce } from '../node/warnings.ts';
import type { EndHooksNotice, WarningNotice } from '../wire/messages/notices.ts';

/** Notices that a worker sends on its own account, which belong to no call. */
type WorkerNotice = EndHooksNotice | WarningNotice;

/** Without `send` outside of a worker, and in a worker until it is set up. */
const pool = shared('worker notices', () => ({ send: undefined as ((notice: WorkerNotice) => void) | undefined }));

/** The worker's host calls this when the worker can send notices. */
export function connectToPool(send: (notice: WorkerNotice) => void): void {
  pool.send = send;
}

/** @returns whether there is a pool to tell */
export function tellPool(notice: WorkerNotice): boolean {
  pool.send?.(notice);
  return pool.send !== undefined;
}

/**
 * A process warning, once for each code. A worker has its pool warn, so that several workers warn once, and in the process whose
 * listeners know of warnings.
 */
export function warnViaPool(code: string, message: string): void {
  if (!tellPool({ type: 'warning', code, message })) warnOnce(code, message);
}
