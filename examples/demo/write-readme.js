// node write-readme.js: puts the table of results.json between the two markers of the project's README.
import { readFileSync, writeFileSync } from 'node:fs';
import { betweenMarkers } from './markers.js';
import { markdownTable } from './table.js';

const readme = new URL('../../README.md', import.meta.url);
const results = JSON.parse(readFileSync(new URL('results.json', import.meta.url), 'utf8'));
writeFileSync(readme, betweenMarkers('demo', readFileSync(readme, 'utf8'), markdownTable(results)));
