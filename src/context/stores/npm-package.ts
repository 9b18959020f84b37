import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The npm package that a module belongs to. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

const known = new Map<string, Package | undefined>();

/** The package of the nearest package.json that has a name; undefined where there is none, or where files may not be read. */
export function packageOf(module: string): Package | undefined {
  const folder = dirname(fileURLToPath(module));
  if (!known.has(folder)) known.set(folder, nearest(folder));
  return known.get(folder);
}

/** Whether the module's package was installed as a dependency, so that there may be several copies of the package. */
export function isInstalled(module: string): boolean {
  return module.includes('/node_modules/');
}

/** `library@1.2.0` */
export function idOf({ name, version }: Package): string {
  return `${name}@${version}`;
}

/** The package's folder beneath the outermost node_modules, which is the same wherever the same dependencies are installed. */
export function placeOf({ folder }: Package): string {
  const path = folder.replaceAll('\\', '/');
  const at = path.indexOf('/node_modules/');
  return at === -1 ? path : path.slice(at + 1);
}

function nearest(folder: string): Package | undefined {
  const found = read(folder);
  const parent = dirname(folder);
  return found ?? (parent === folder ? undefined : nearest(parent));
}

function read(folder: string): Package | undefined {
  try {
    const { name, version = '' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown; version?: unknown };
    // A package.json without a name only sets how the files of its folder are loaded.
    return typeof name === 'string' && name !== '' ? { name, version: String(version), folder } : undefined;
  } catch {
    return undefined;
  }
}
