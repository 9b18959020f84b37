import { existsSync, readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { isMet } from '../bench/answer.js';
import { chart } from '../bench/chart.js';
import { questions } from '../bench/questions.js';
import { benchTable, readResults } from '../bench/table.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const files = readdirSync(new URL('../bench/results/', import.meta.url)).filter((file) => file.endsWith('.json'));
const results = files.map((file) => ({ name: file.slice(0, -'.json'.length), result: JSON.parse(read(`bench/results/${file}`)) }));

it('the README shows the results that the script writes', () => {
  const [, table = ''] = /<!-- bench:start -->\n([^]*)\n<!-- bench:end -->/.exec(read('README.md')) ?? [];
  expect(table).toBe(benchTable(readResults()));
});

it('every question has its place in the table', () => {
  expect(readResults().map(({ name }) => name)).toEqual(Object.keys(questions));
});

it('a question without results says how to measure it', () => {
  expect(benchTable([{ name: 'lanes' }])).toContain('| lanes | not measured yet: `npm run bench -- lanes` |');
});

describe.each(results)('$name', ({ name, result }) => {
  it('is a question with a script that asks it', () => {
    expect(existsSync(new URL(`../bench/${name}.js`, import.meta.url))).toBe(true);
  });

  it('has the chart that the script draws', () => {
    expect(read(`bench/results/${name}.svg`)).toBe(chart(result));
  });

  it('is met when each of its claims is met', () => {
    expect(result.isMet).toBe(result.claims?.every(isMet) ?? result.isMet);
  });
});
