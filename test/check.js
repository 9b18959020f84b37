// Checks the types and lints with one program, because each alone would read and check all files again. Prints the problems.
import { fileURLToPath } from 'node:url';

import { ESLint } from 'eslint';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

const program = createProgram('tsconfig.source.json');
const mistakes = ts.getPreEmitDiagnostics(program);
if (mistakes.length > 0) console.error(ts.formatDiagnosticsWithColorAndContext(mistakes, { getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => '\n' }));

const eslint = new ESLint({ overrideConfig: { files: ['**/*.ts'], languageOptions: { parserOptions: { project: null, programs: [program] } } } });
const results = await eslint.lintFiles(['.']);
const problems = results.reduce((sum, { errorCount, warningCount }) => sum + errorCount + warningCount, 0);
if (problems > 0) console.error(await (await eslint.loadFormatter('stylish')).format(results));

process.exitCode = mistakes.length + problems > 0 ? 1 : 0;

function createProgram(name) {
  const onUnRecoverableConfigFileDiagnostic = ({ messageText }) => { throw new Error(`${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`); };
  const { fileNames, options, errors } = ts.getParsedCommandLineOfConfigFile(name, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic });
  return ts.createProgram({ rootNames: fileNames, options, configFileParsingDiagnostics: errors });
}
