import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

import { createProject } from './fixtures/readme/project.js';
import { projectOf, snippetsOf } from './fixtures/readme/snippets.js';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
export const readme = read('README.md');
export const snippets = snippetsOf(readme);

const sections = [...new Set(snippets.map(({ section }) => section))];
const [firstOne, ...later] = sections.map((section) => projectOf(snippets.filter((snippet) => snippet.section === section)));
export const first = firstOne!;

type Project = ReturnType<typeof createProjects>[number];

/** The sections whose programs use the watchdog, or the other sections. Programs may use the files of the first section. */
export function createProjects({ watch }: { watch: boolean }) {
  return [first, ...later].filter(({ files }) => [...files.values()].some((text) => /'offloop\/(watchdog|testing)'/.test(text)) === watch)
    .map((project) => ({ ...project, ...createProject(new Map([...first.files, ...project.files])) }));
}

export function programsOf(projects: readonly Project[]) {
  return projects.flatMap((project) => project.programs.map((program) => ({ project, section: project.section, ...program })));
}

export async function expectPrints({ project, name, prints }: ReturnType<typeof programsOf>[number]): Promise<void> {
  const { code, stdout, stderr } = await project.node(name.endsWith('.ts') ? ['--import', 'tsx', name] : [name]);
  expect({ code, stderr, printed: linesOf(stdout) }).toEqual({ code: 0, stderr: '', printed: prints.flatMap(linesOf) });
}

/** Leaves out positions and thread numbers, which differ between versions of Node. */
export function linesOf(text: string): string[] {
  if (text === '') return [];
  return text.trimEnd().replace(/(file:\/\/\/app\/[\w.-]+):\d+:\d+/g, '$1').replace(/^thread [1-9]\d*/gm, 'thread 1').split('\n');
}
