// node write-readme.js: writes the table of the results files between the two markers of the project's README, and draws their charts again.
import { readFileSync, writeFileSync } from 'node:fs';

import { betweenMarkers } from '../examples/demo/markers.js';
import { chart } from './chart.js';
import { benchTable, isMeasured, readResults } from './table.js';

const readme = new URL('../README.md', import.meta.url);
const results = readResults();
writeFileSync(readme, betweenMarkers('bench', readFileSync(readme, 'utf8'), benchTable(results)));
for (const { name, ...result } of results.filter(isMeasured)) writeFileSync(new URL(`results/${name}.svg`, import.meta.url), chart(result));
