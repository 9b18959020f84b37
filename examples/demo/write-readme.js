// node write-readme.js: puts the table of results.json between the two markers of the project's README.
import { readFileSync, writeFileSync } from 'node:fs';
import { markdownTable } from './table.js';

const START = '<!-- demo:start -->';
const END = '<!-- demo:end -->';

const readme = new URL('../../README.md', import.meta.url);
const results = JSON.parse(readFileSync(new URL('results.json', import.meta.url), 'utf8'));
writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), markdownTable(results)));

function withTable(text, table) {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start === -1 || end < start) throw new Error(`Expected README.md to have ${START} and, after it, ${END}`);
  return `${text.slice(0, start + START.length)}\n${table}\n${text.slice(end)}`;
}
