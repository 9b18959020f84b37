import { Map, Object, Promise, Set } from '../node/intrinsics.ts';
import { setImmediate, setTimeout, clearTimeout } from '../node/clock.ts';

export type Namespace = Readonly<Record<string, unknown>>;

const nothing: Namespace = {};

/** Namespaces of modules that have been evaluated. */
const namespaces = new Map<string, Namespace>();
/** Modules that were still being evaluated when the wait for them was given up. */
const unfinished = new Set<string>();

/** How long the import of a module that has been evaluated may take, in ms: hooks of a loader may be asked. */
const WAIT_LIMIT_MS = 200;

/** Call this for each module that has been loaded. */
export function keepNamespace(url: string, namespace: Namespace): void {
  namespaces.set(url, namespace);
}

/** Undefined where offloop has not loaded the module in this thread. */
export function namespaceOf(url: string): Namespace | undefined {
  return namespaces.get(url);
}

/**
  * The exports of a module that a task comes from; none where the module is still being evaluated. The module's top level may be waiting
  * for that very task, and then waiting for the module's exports would never end.
 * @param load imports the module
 */
export async function loadExports(url: string, load: (url: string) => Promise<Namespace>): Promise<Namespace> {
  const known = namespaces.get(url);
  if (known !== undefined) return known;
  const loading = load(url).then((namespace) => { keepNamespace(url, namespace); return namespace; }, () => nothing);
  if (unfinished.has(url)) return nothing;
  return Promise.race([loading, nothingAfterLimit(url, loading)]);
}

/** Resolves when the limit is over and the event loop has turned: the event loop may have been blocked until then. */
function nothingAfterLimit(url: string, loading: Promise<unknown>): Promise<Namespace> {
  return new Promise((resolve) => {
    const giveUp = (): void => {
      unfinished.add(url);
      resolve(nothing);
    };
    const timer = setTimeout(() => { setImmediate(() => { setImmediate(giveUp); }); }, WAIT_LIMIT_MS);
    void loading.then(() => { clearTimeout(timer); });
  });
}

/**
 * The values that a module may mean by a name, the nearest first. A CommonJS module's own exports are `default`, also those that Node
 * could not name statically; where it was compiled from ESM, its default export is `default.default`.
 */
export function exportsNamed(namespace: Namespace, name: string): unknown[] {
  return layersOf(namespace).map((layer) => ownKey(layer, name));
}

/** All exports of a module, in one object. */
export function allExports(namespace: Namespace): Namespace {
  try {
    const [outer, ...inner] = layersOf(namespace) as object[];
    return Object.assign({}, ...inner.reverse(), outer) as Namespace;
  } catch {
    // A getter among the exports throws.
    return namespace;
  }
}

function layersOf(namespace: Namespace): unknown[] {
  const { default: exports } = namespace;
  return [namespace, exports, ownKey(exports, '__esModule') === true ? ownKey(exports, 'default') : undefined];
}

/** A key that every object inherits (`constructor`, `toString`) is no export. */
function ownKey(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  return Object.hasOwn(value, key) ? (value as Namespace)[key] : undefined;
}
