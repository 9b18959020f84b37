import { readFileSync } from 'node:fs';

/** The text of a file; undefined where the file is missing or cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
