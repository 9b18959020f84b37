import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

import { home } from '../../home.ts';

// Bound when offloop is imported: a task may replace it.
const { access } = fs;

let isAsked = false;

/**
 * Starts the threads on which Node reads files, resolves names and compresses for the whole process. libuv starts all of them within its
 * first request, and on Linux they get the niceness of the thread that makes it, for good: without this, that might be a lowered one. Takes
 * a fraction of a millisecond, once.
 */
export function startLibuvThreads(): void {
  if (isAsked) return;
  isAsked = true;
  // A request that io_uring does not take (`UV_USE_IO_URING`), for a folder that Node must be allowed to read (`--permission`).
  access(fileURLToPath(home), () => undefined);
}
