import { readFileSync } from 'node:fs';
import { style } from './terminal.js';

/** The lines that differ between two small modules, read from the files that really run. */
export function diff(before, after) {
  return changes(linesOf(before), linesOf(after)).join('\n');
}

// This comparison is enough for files in which no line occurs twice.
function changes([line, ...rest], added) {
  if (line === undefined) return added.map(asAdded);
  if (!added.includes(line)) return [style('red', `- ${line}`), ...changes(rest, added)];
  const at = added.indexOf(line);
  return [...added.slice(0, at).map(asAdded), line && style('dim', `  ${line}`), ...changes(rest, added.slice(at + 1))];
}

function asAdded(line) {
  return style('green', `+ ${line}`);
}

function linesOf(url) {
  return readFileSync(url, 'utf8').trimEnd().split('\n');
}
