import { existsSync, readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { snippetsOf } from './fixtures/readme/snippets.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const documents = [...readdirSync(new URL('../docs', import.meta.url)).map((name) => `docs/${name}`), 'examples/README.md'];

describe.each(documents)('%s', (document) => {
  const text = read(document);
  const pieces = snippetsOf(text).filter(({ language }) => language !== 'sh' && language !== 'text');

  it('shows code exactly as it is in the named example', () => {
    for (const { code } of pieces) {
      const [, file = '', piece = ''] = /^\/\/ (\S+)\n([^]*)$/.exec(code) ?? [];
      expect(read(`examples/${file}`)).toContain(piece);
    }
  });

  it('links to files and headings that exist', () => {
    const links = [...text.matchAll(/\]\(([^):#]*)(?:#([^)]*))?\)/g)].map(([, file = '', heading]) => ({ file: new URL(file, new URL(`../${document}`, import.meta.url)), heading }));
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter(({ file }) => !existsSync(file))).toEqual([]);
    for (const { file, heading } of links) if (heading !== undefined) expect(headingsOf(readFileSync(file, 'utf8'))).toContain(heading);
  });
});

/** The anchors that GitHub makes of headings. */
function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'));
}
