import { findSourceMap } from 'node:module';

export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Maps a position to its source, where the process has source maps on. Only the watched thread knows what its loaders compiled. */
export function mapped(position: Position): Position {
  if (!process.sourceMapsEnabled || position.file === '' || position.file.startsWith('node:')) return position;
  const entry = findSourceMap(position.file)?.findEntry(position.line - 1, position.column - 1);
  if (entry === undefined || !('originalSource' in entry)) return position;
  return { file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}
