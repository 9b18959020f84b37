import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

let registering: Promise<void> | undefined;

export function isTypeScript(url: string): boolean {
  return /\.[cm]?tsx?$/.test(url);
}

/**
 * Makes tsx work in a worker thread when this process was started with it: Node 20 runs no `--import` in worker threads,
 * and tsx by itself registers in the main thread only (https://github.com/privatenumber/tsx/issues/354). Call this
 * before the first attempt, since Node remembers that a module could not be loaded.
 */
export async function prepareForTypeScript(url: string): Promise<void> {
  if (isMainThread || hasTypeScript() || !process.execArgv.some((flag) => /\btsx\b/.test(flag))) return;
  await (registering ??= registerTsx(url));
}

function hasTypeScript(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

async function registerTsx(url: string): Promise<void> {
  try {
    // Resolved from the user's module, which may see packages that offloop does not. The CommonJS version of the API cannot register.
    const api = createRequire(url).resolve('tsx/esm/api').replace(/\.cjs$/, '.mjs');
    ((await import(pathToFileURL(api).href)) as { register(): void }).register();
  } catch {
    // tsx is not installed where the module could see it: the module's import will say what is missing.
  }
}
