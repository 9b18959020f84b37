import { afterAll, describe, expect, it } from 'vitest';

import { createProjects, expectPrints, programsOf } from './readme-projects.ts';

const projects = createProjects({ watch: true });

afterAll(() => {
  for (const { remove } of projects) remove();
});

describe('every snippet that uses the watchdog runs', () => {
  it.each(programsOf(projects))('$section: $name prints the text that the README shows', expectPrints);

  // A command is tested if its output follows it.
  it.each(projects.flatMap((project) => project.outputs.map((output) => ({ project, ...output }))))('$command prints the text that the README shows', async ({ project, command, shown }) => {
    expect(project.commands).toEqual([command]);
    const { code, stdout, stderr } = await project.shell(command);
    expect(code).toBe(0);
    expect(withoutFigures(stdout + stderr)).toContain(withoutFigures(shown));
  });
});

/** Leaves out durations and columns, which differ each time. */
function withoutFigures(text: string): string {
  return text.replace(/:\d+\)/g, ')').replace(/\d[\d.,]* (ms|s|min)\b/g, 'N');
}
