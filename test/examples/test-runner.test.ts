import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { node, temporaryFolder } from '../cli/processes.ts';

const example = (name: string): string => fileURLToPath(new URL(`../../examples/test-runner/${name}`, import.meta.url));

describe('examples/test-runner', () => {
  it('reports each test with its outcome, its position, and the owner of each logged line', async () => {
    const { code, stdout, stderr } = await node([example('run.js')]).ended;
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    for (const part of [
      /^✗ broken\.test\.js › \(the file itself\): failed\n {4}there is no database to test with\n {4}at .*broken\.test\.js:5:7$/m,
      /^✗ arithmetic\.test\.js › adds wrongly: failed\n {4}4 == 5\n {4}at .*arithmetic\.test\.js:17:10/m,
      /^✗ hangs\.test\.js › spins for ever: timed out\n {4}it was stuck here:\n {4}at spinsForEver \(.*hangs\.test\.js:5:3\)$/m,
      /^✗ hangs\.test\.js › waits for ever: timed out\n {4}it waited for an event that did not come$/m,
      /^✗ crashes\.test\.js › exits: crashed\n {4}it ended its worker with exit code 3$/m,
      /^✗ crashes\.test\.js › throws from a timer: crashed\n {4}thrown by nobody in particular\n {4}at .*crashes\.test\.js:10:11\)$/m,
      /^✗ crashes\.test\.js › eats all memory: out of memory$/m,
      /^13 tests in .* s: (?=.*\b6 passed)(?=.*\b2 failed)(?=.*\b2 crashed)(?=.*\b1 out of memory)(?=.*\b2 timed out)/m,
    ]) expect(stdout).toMatch(part);
    expect(stdout.match(/^.*(adding|about to).*$/gm)?.sort()).toEqual([
      '[arithmetic.test.js › adds later] adding 2 and 2',
      '[arithmetic.test.js › adds wrongly] adding 2 and 2',
      '[arithmetic.test.js › adds] adding 1 and 2',
      '[crashes.test.js › exits] about to exit',
      '[hangs.test.js › spins for ever] about to spin',
    ]);
  });

  it.each([
    ['() => {}', 0, '1 passed'],
    ["() => { throw 'no error'; }", 1, '1 failed'],
  ])('runs any folder, and its exit code tells of a test that is %s', async (fn, exitCode, summary) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'one.test.mjs'), 'not a test file');
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'own.test.js'), `import { test } from ${JSON.stringify(new URL('../../examples/test-runner/test.js', import.meta.url).href)}; test('its own', ${fn});`);
    const { code, stdout } = await node([example('cli.js'), folder]).ended;
    expect({ code, summary: stdout.trimEnd().split('\n').at(-1) }).toEqual({ code: exitCode, summary });
  });
});
