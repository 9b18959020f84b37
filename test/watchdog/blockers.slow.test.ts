import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import ts from 'typescript';
import { describe, it } from 'vitest';

import { blockUndisturbed, expectNamedAgain, expectRow, expectThirdParty, fifo, folder, openWhenStuck, testEach, testEachOnFifo } from './blockers.ts';
import { fixture } from './watched.ts';

describe('says what blocks, whose request it is, and what to do, while it blocks', () => {
  testEach([
    ['method.js', 'javascript', 'live', 'Parser.parse', 'Parser.parse', 'offload'],
    ['anonymous-callback.js', 'javascript', 'live', '(anonymous)', '(anonymous)', 'offload'],
    ['deep-recursion.js', 'javascript', 'live', 'descends', 'descends', 'offload'],
    ['evaluated-code.js', 'javascript', 'live', 'eval|anonymous', 'eval|anonymous', 'offload'],
    ['sort-with-comparator.js', 'javascript', 'live', 'byValue|sortsByValue', 'byValue|sortsByValue', 'offload', 'sortsByValue'],
    ['web-assembly.js', 'javascript', 'live', 'countsInWasm', 'countsInWasm', 'offload'],
    ['next-tick-flood.js', 'javascript', 'live', 'again', 'again', 'offload'],
    ['bigint.js', 'native', 'at-return', 'raises|handle', 'raises|handle', 'offload'],
    ['json-parse.js', 'native', 'at-return', 'parses|handle', 'parses|handle', 'offload'],
    // Node 26 checks for no interrupts inside of JSON.stringify().
    ['json-stringify.js', 'javascript|native', 'live|at-return', 'stringifies|handle', 'stringifies|handle', 'offload'],
    ['structured-clone.js', 'native', 'at-return', 'clones|handle', 'clones|handle', 'offload'],
    ['scrypt-sync.js', 'native', 'at-return', 'derives', 'derives', 'use-async-api', 'scryptSync, promisify(scrypt), node:crypto'],
  ]);
  testEachOnFifo([
    ['fifo-as-text.js', 'blocking-io', 'at-return', 'readsText|handle', 'readsText|handle', 'use-async-api'],
    ['spawn-sync.js', 'blocking-io', 'at-return', 'spawns|handle', 'spawns|handle', 'use-async-api'],
  ]);

  it('TypeScript that was compiled before, with --enable-source-maps: the line of the source', async () => {
    const seen = await blockUndisturbed(compiled(fixture('blockers/typescript.ts')), { execArgv: ['--enable-source-maps'] });
    expectRow(['typescript.ts', 'javascript', 'live', 'weighs', 'weighs', 'offload'], seen);
  });

  it('third-party code, ajv: the dependency, and the function that called into it', () => expectThirdParty('ajv', 'checksWithAjv', 'validate10'));
});

describe('names a call without a trace when it blocks again', () => {
  it('bigint.js', () => expectNamedAgain(['bigint.js', 'native', 'raises']));

  it.skipIf(process.platform === 'win32')('spawn-sync.js (where there are FIFOs)', async () => {
    const path = fifo();
    await expectNamedAgain(['spawn-sync.js', 'blocking-io', 'spawns'], { env: { FIFO: path } }, (watched, nth) => openWhenStuck(watched, path, nth));
  });
});

/** Compiles a file as a build would: JavaScript with other line numbers, and a source map beside it. */
function compiled(source: URL): URL {
  const { outputText, sourceMapText = '' } = ts.transpileModule(readFileSync(source, 'utf8'), {
    fileName: 'compiled.mts',
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, sourceMap: true },
  });
  const path = join(folder(), 'compiled.mjs');
  writeFileSync(path, outputText);
  writeFileSync(`${path}.map`, JSON.stringify({ ...JSON.parse(sourceMapText) as object, sources: [source.href] }));
  return pathToFileURL(path);
}
