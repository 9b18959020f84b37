import { writeFileSync } from 'node:fs';

import * as offloop from 'offloop';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';

import results from '../examples/demo/results.json' with { type: 'json' };
import { tableRows } from '../examples/demo/table.js';
import { createProject } from './fixtures/readme/project.js';
import { runtimes } from './pool/helpers.ts';
import { createProjects, expectPrints, first, linesOf, programsOf, read, readme, root, snippets } from './readme-projects.ts';
import { kindNames } from '../src/watchdog/stall-kinds.ts';

// The programs that use the watchdog are in readme-watchdog.test.ts.
const projects = createProjects({ watch: false });

afterAll(() => {
  for (const { remove } of projects) remove();
});

/** Commands that take the network or a minute: `.ci/run` runs them in these steps. */
const ranByCi: Readonly<Record<string, readonly string[]>> = {
  'npm ci && npm run demo': ["step 'npm ci'", 'npm run demo'],
  'npm install offloop': ['npm pack', 'npm install --prefix "$project" "$scratch"/offloop-*.tgz'],
};

/** Snippets of packages that are not installed here. */
const notInstalled = ['new Piscina(', 'workerpool.pool('];

describe('every snippet runs', () => {
  it.each(programsOf(projects))('$section: $name prints the text that the README shows', expectPrints);

  it.each(projects.filter(({ commands }) => commands.length > 0))('$section: the commands work', async ({ commands, shell }) => {
    for (const line of commands) {
      const [command = '', onlyOn] = line.split(/ +# Node /);
      const ciSteps = ranByCi[command];
      if (ciSteps !== undefined) for (const step of ciSteps) expect(read('.ci/run')).toContain(step);
      else if (onlyOn === undefined || isAtLeast(onlyOn)) expect(await shell(command)).toMatchObject({ code: 0 });
    }
  });

  it('in a block of a known language, and is skipped only where its packages are missing', () => {
    expect(new Set(snippets.map(({ language }) => language))).toEqual(new Set(['js', 'ts', 'sh', 'text']));
    const skipped = snippets.filter(({ note }) => note !== '');
    expect(skipped.map(({ note }) => note)).toEqual(['before']);
    for (const use of notInstalled) expect(skipped[0]?.code).toContain(use);
  });
});

it('the first example is the example that .ci/run checks with the packed tarball', async () => {
  const { folder, node, remove } = createProject(new Map());
  onTestFinished(remove);
  expect(await node([`${root}/.ci/first-example.js`, `${root}/README.md`, folder])).toMatchObject({ code: 0 });
  const { code, stdout } = await node(['app.js']);
  expect({ code, printed: linesOf(stdout) }).toEqual({ code: 0, printed: projects[0]!.programs[0]!.prints });
});

it('without offload(), the health check of the first example is answered last', async () => {
  const { folder, node, remove } = createProject(first.files);
  onTestFinished(remove);
  const offloaded = first.files.get('validate.js')!;
  const plain = offloaded.replace(/offload\(import\.meta, ([^]*)\);\n$/, '$1;\n');
  expect(plain).not.toBe(offloaded);
  writeFileSync(`${folder}/validate.js`, plain);
  const { stdout } = await node(['app.js']);
  expect(linesOf(stdout).at(-1)).toMatch('health check answered');
});

describe('a bundle', () => {
  const external = '--external:offloop --external:tinypool';

  async function bundled(flags: string): Promise<string[]> {
    const { shell, node, remove } = createProject(first.files);
    onTestFinished(remove);
    expect(await shell(`esbuild ${flags} --bundle --format=esm --platform=node --outdir=out`)).toMatchObject({ code: 0 });
    const { stdout, stderr } = await node(['out/app.js']);
    return linesOf(stdout + stderr);
  }

  it('works minified when names are kept', async () => {
    expect(await bundled(`app.js validate.js --splitting --minify --keep-names ${external}`)).toEqual(first.programs[0]!.prints);
  });

  it('says that a name is missing when names are not kept', async () => {
    expect((await bundled(`app.js validate.js --splitting --minify ${external}`)).join('\n')).toMatch(/OptionError: .*\{ name: '/);
  });

  it('in one file throws EntryModuleError', async () => {
    expect((await bundled(`app.js ${external}`)).join('\n')).toContain('EntryModuleError: ');
  });

  it('that contains offloop says so', async () => {
    const [, quoted = ''] = /`ModuleLoadError`: "([^"]+)"/.exec(readme.replaceAll('\n', ' ')) ?? [];
    expect(quoted).toContain('bundled');
    const said = (await bundled('app.js validate.js --splitting')).join('\n');
    expect(said).toContain('ModuleLoadError: ');
    expect(said).toContain(quoted);
  });
});

describe('the tables', () => {
  it('list every error, with its code', () => {
    const { OffloopError, ...exported } = offloop;
    const classes = Object.entries(exported).filter(([, value]) => (value as { prototype?: unknown }).prototype instanceof OffloopError);
    const codes = classes.map(([name, Class]) => [name, new (Class as new (message: string) => { code: string })('').code]);
    expect(cellsOf(sectionOf('## Errors')).map(([name, code]) => [name, code])).toEqual(expect.arrayContaining(codes));
    expect(cellsOf(sectionOf('## Errors'))).toHaveLength(codes.length);
  });

  it.each([
    ['PoolOptions', 'src/pool/options.ts'],
    ['RunOptions', 'src/task/options.ts'],
    ['MapOptions', 'src/pool/map/map.ts'],
    ['OffloadOptions', 'src/task/options.ts'],
    ['CarryOptions', 'src/context/carry.ts'],
    ['CloseOptions', 'src/pool/types.ts'],
    ['WatchdogOptions', 'src/watchdog/options.ts'],
  ])('list every option of %s, and its default', (name, file) => {
    const rows = groupOf(name, cellsOf(sectionOf('## Options')));
    const members = membersOf(name, read(file));
    expect(rows.map(([option]) => option)).toEqual(members.map(({ option }) => option));
    for (const [i, { value }] of members.entries()) expect(rows[i]?.[1]).toContain(value);
  });

  it('list every kind of stall', () => {
    expect(cellsOf(sectionOf('## Find what blocks')).map(([kind]) => kind)).toEqual(kindNames);
  });

  it('name every runtime, as the text and the comment of the option do', () => {
    const row = cellsOf(sectionOf('## Options')).find(([option]) => option === 'runtime')!.join();
    const [, comment = ''] = /\/\*\*\n(( {3}\*.*\n)+) {2}runtime\?:/.exec(read('src/pool/options.ts')) ?? [];
    for (const text of [row, comment, bulletOf('`runtime`.')]) for (const runtime of runtimes) expect(text).toContain(`'${runtime}'`);
  });

  it('show the demo as its script writes it', () => {
    const [, table = ''] = /<!-- demo:start -->\n([^]*)<!-- demo:end -->/.exec(readme) ?? [];
    expect(table.match(/^\| [^|-][^|]* \|/gm)).toEqual(tableRows(results).map(([title = '']) => `| ${title} |`));
  });
});

it('the text names every statistic of the workers and of a task', () => {
  const source = read('src/shared/pool-stats.ts');
  const [, ofTask = ''] = /interface TaskStats \{\n([^]*?)^\}/m.exec(source) ?? [];
  const [, ofWorkers = ''] = /readonly workers: \{\n([^]*?)^ {2}\}/m.exec(source) ?? [];
  const names = [...`${ofTask}${ofWorkers}`.matchAll(/^ +readonly (\w+)/gm)].map(([, name = '']) => name);
  expect(names).toEqual(expect.arrayContaining(['count', 'started']));
  expect(names.filter((name) => !bulletOf('`stats()`').includes(`\`${name}\``))).toEqual([]);
});

it('the text names every property of a trace', () => {
  const [, text = ''] = /^The five events are([^]*?)\n\n/m.exec(readme) ?? [];
  for (const { option } of membersOf('TaskTrace', read('src/pool/calls/trace.ts').replaceAll('readonly ', ''))) expect(text).toContain(`\`${option}\``);
});

it('the text has no figure of performance that a script did not write, and no path of one machine', () => {
  const byHand = readme.replace(/<!-- (\w+):start -->[^]*<!-- \1:end -->/g, '').replace(/^```text\n[^]*?^```$/gm, '');
  expect(byHand).not.toMatch(/\d[\d.,]* ?(×|µs|ms\b|(tasks|calls|requests)(\/| per )s)/);
  expect(byHand).not.toMatch(/\/(work|tmp|home|root|Users)\//);
});

function isAtLeast(text: string): boolean {
  const [major = 0, minor = 0] = (/\d+(\.\d+)?/.exec(text)?.[0] ?? '').split('.').map(Number);
  const [ourMajor = 0, ourMinor = 0] = process.versions.node.split('.').map(Number);
  return ourMajor > major || (ourMajor === major && ourMinor >= minor);
}

function sectionOf(heading: string): string {
  const start = readme.indexOf(`\n${heading}\n`);
  expect(start, heading).toBeGreaterThan(-1);
  const end = readme.slice(start + 1 + heading.length).search(/^##+ /m);
  return readme.slice(start, end === -1 ? undefined : start + 1 + heading.length + end);
}

/** The text of the item that begins with these words in bold type. */
function bulletOf(start: string): string {
  const [, text = ''] = readme.split(`\n- **${start}**`);
  return text.split(/\n(?:- |\n)/)[0]!;
}

/** The rows of a section's table, without its head, and without backticks. */
function cellsOf(section: string): string[][] {
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', '')));
}

/** The rows beneath the one that names the interface, up to the next one that names another. */
function groupOf(name: string, rows: readonly string[][]): string[][] {
  const isHead = ([cell = '']: readonly string[]): boolean => cell.startsWith('**');
  const start = rows.findIndex(([cell]) => cell === `**${name}**`) + 1;
  const count = rows.slice(start).findIndex(isHead);
  return start === 0 ? [] : rows.slice(start, count === -1 ? undefined : start + count);
}

/** The members of an interface, each with the default in its comment, if the default is a value and not a sentence. */
function membersOf(name: string, source: string): { option: string; value: string }[] {
  const [, body = ''] = new RegExp(`export interface ${name}\\b[^]*?\\{\\n([^]*?)^\\}`, 'm').exec(source) ?? [];
  return [...body.matchAll(/(?: {2}\/\*\* ([^]*?) \*\/\n)?^ {2}(\w+)\??[:(]/gm)].map(([, comment = '', option = '']) => ({
    option,
    value: /\bdefault ('\w+'|true|false|\d[\d ]*)/i.exec(comment)?.[1]?.trim() ?? '',
  }));
}
