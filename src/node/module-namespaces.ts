import { Promise } from './intrinsics.ts';
import { setImmediate, setTimeout, clearTimeout } from './clock.ts';

export type Namespace = Readonly<Record<string, unknown>>;

const nothing: Namespace = {};

/** Namespaces of modules that have been evaluated. */
const namespaces = new Map<string, Namespace>();
/** Modules that were waited for in vain. */
const unsettled = new Set<string>();

/** How long a module that has been evaluated may take to be found again: hooks of a loader may be asked. */
const PATIENCE_MS = 200;

/** To be told of each module that has been loaded. */
export function keepNamespace(url: string, namespace: Namespace): void {
  namespaces.set(url, namespace);
}

/** Undefined where nobody here has loaded it. */
export function namespaceOf(url: string): Namespace | undefined {
  return namespaces.get(url);
}

/**
 * The exports of a module that a task comes from; none where it is still being evaluated. It may be waiting for that very task at its top
 * level, and whoever waits for its exports then waits for ever.
 * @param load imports the module
 */
export async function exportsOnceEvaluated(url: string, load: (url: string) => Promise<Namespace>): Promise<Namespace> {
  const known = namespaces.get(url);
  if (known !== undefined) return known;
  const loading = load(url).then((namespace) => { keepNamespace(url, namespace); return namespace; }, () => nothing);
  if (unsettled.has(url)) return nothing;
  return Promise.race([loading, inVain(url, loading)]);
}

/** Resolves when the patience is at its end and the event loop has turned: it may have been blocked until then. */
function inVain(url: string, loading: Promise<unknown>): Promise<Namespace> {
  return new Promise((resolve) => {
    const giveUp = (): void => {
      unsettled.add(url);
      resolve(nothing);
    };
    const timer = setTimeout(() => { setImmediate(() => { setImmediate(giveUp); }); }, PATIENCE_MS);
    void loading.then(() => { clearTimeout(timer); });
  });
}
