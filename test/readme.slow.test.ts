import { afterAll, expect, it } from 'vitest';

import { createProjects, root } from './readme-projects.ts';

const projects = [false, true].flatMap((watch) => createProjects({ watch }));

afterAll(() => {
  for (const { remove } of projects) remove();
});

it('every TypeScript snippet compiles strictly', async () => {
  const typed = projects.flatMap(({ folder, files }) => [...files.keys()].filter((name) => name.endsWith('.ts')).map((name) => `${folder}/${name}`));
  expect(typed).not.toEqual([]);
  const flags = '--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --verbatimModuleSyntax --target es2023 --module nodenext';
  const where = ['--lib', 'es2023,esnext.disposable', '--rewriteRelativeImportExtensions', '--typeRoots', `${root}/node_modules/@types`, '--types', 'node'];
  const { stdout } = await projects[0]!.node([`${root}/node_modules/typescript/bin/tsc`, ...flags.split(' '), ...where, ...typed]);
  expect(stdout).toBe('');
});
