import { Object } from '../node/intrinsics.ts';

type Namespace = Readonly<Record<string, unknown>>;

/**
 * What a module may mean by a name, the nearest first. A CommonJS module's own exports are `default`, also those that Node could
 * not name statically; where it was compiled from ESM, its default export is `default.default`.
 */
export function exportsNamed(namespace: Namespace, name: string): unknown[] {
  return layersOf(namespace).map((layer) => ownKey(layer, name));
}

/** All that it exports, in one object. */
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

/** What every object inherits (`constructor`, `toString`) is no export. */
function ownKey(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  return Object.hasOwn(value, key) ? (value as Namespace)[key] : undefined;
}
