import { realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { URL } from '../node/intrinsics.ts';
import { describe } from '../validation/describe.ts';
import { EntryModuleError, OptionError } from '../errors.ts';
import { thread } from '../shared/shared.ts';

/** A module: `import.meta`, a `file:` URL, or an absolute path (`__filename` in CommonJS). */
export type ModuleRef = ImportMeta | URL | string;

/**
 * The module's `file:` URL, by which a worker loads the same module.
 * @throws OptionError (OFFLOOP_OPTION)
 */
export function moduleUrl(call: string, module: ModuleRef): string {
  const url = toUrl(module);
  if (url !== undefined && isPath(url)) return url;
  throw new OptionError(`${call}: expected the module to be \`import.meta\`, a file: URL or an absolute path, got ${describe(module)}.`);
}

function toUrl(module: unknown): string | undefined {
  if (typeof module === 'string') return isAbsolute(module) ? pathToFileURL(module).href : parse(module);
  if (isUrl(module)) return module.href;
  const url = (module as Partial<ImportMeta> | null | undefined)?.url;
  return typeof url === 'string' ? parse(url) : undefined;
}

/** Another realm (jsdom) has a URL class of its own. */
function isUrl(value: unknown): value is URL {
  return value instanceof URL || (Object.prototype.toString.call(value) === '[object URL]' && typeof (value as Partial<URL>).href === 'string');
}

/** Whether a file: URL names a path of this machine: it may name another host, or have an invalid escape. */
function isPath(url: string): boolean {
  try {
    return fileURLToPath(url) !== '';
  } catch {
    return false;
  }
}

function parse(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).href : undefined;
}

/** Each evaluation of a module has its own `import.meta`; strings and URLs do not tell evaluations apart, so they count as the same. */
export function isSameEvaluation(one: ModuleRef, other: ModuleRef): boolean {
  return typeof one === 'string' || isUrl(one) || one === other;
}

/**
 * Whether a test runner that compiles modules (Vitest, Jest) has loaded the module here, and not Node. An import by Node would evaluate
 * the module a second time, and declare its tasks and stores anew.
 */
export function isLoadedByRunner(ref: ModuleRef): boolean {
  return typeof ref === 'object' && !isUrl(ref) && (Object.hasOwn(ref, 'env') || Object.hasOwn(ref, 'jest'));
}

/**
 * The module that started the process must not be loaded by a worker: it would start the application again.
 * @throws EntryModuleError (OFFLOOP_ENTRY_MODULE)
 */
export function assertNotEntry(call: string, url: string): void {
  if (thread.isWorker || !isEntry(url)) return;
  throw new EntryModuleError(
    `${call} was called in ${url}, the module that started this process. A worker would have to load it, and so start ` +
      'the application again. Move the call, with the function or the store, into a module of its own and import it from here.',
  );
}

function isEntry(url: string): boolean {
  const path = fileURLToPath(url);
  // `node -e` and standard input are modules without a file.
  if (/^\[(eval\d*|stdin)\]$/.test(basename(path))) return true;
  const script = process.argv[1];
  return script !== undefined && realPath(path) !== undefined && realPath(path) === realPath(scriptFile(script));
}

/** `node app` and `node .` leave the extension, the index file, or `main`, to the resolver. */
function scriptFile(script: string): string {
  if (statSync(script, { throwIfNoEntry: false })?.isFile() === true) return script;
  try {
    return createRequire(import.meta.url).resolve(script);
  } catch {
    return script;
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** The file behind a URL: modules that differ in their query only have the same code. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '');
}
