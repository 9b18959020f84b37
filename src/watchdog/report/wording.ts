import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { MODULE } from '../protocol/findings.ts';
import type { Advice, Frame } from '../types.ts';

const MAX_LENGTH = 400;

/** Joins the sentences, the most important first; those that do not fit are left out. */
export function compose(action: Advice['action'], ...sentences: readonly (string | false | undefined)[]): Advice {
  const text = sentences.filter((sentence) => typeof sentence === 'string').reduce((head, next) => (head.length + next.length < MAX_LENGTH ? `${head} ${next}` : head));
  return { action, text: text.slice(0, MAX_LENGTH) };
}

export function declaration(name: string, body = '…'): string {
  return `\`export const ${name} = offload(import.meta, function ${name}(…) { ${body} });\``.replace('{ … }', '{…}');
}

/** Makes a name that can be declared beside the import of `offload` from a function's name as V8 has it. */
export function identifier(name: string): string | undefined {
  const own = isAnonymous(name) ? / \[as (.+)\]$/.exec(name)?.[1] ?? '' : name.replace(/ \[as .+\]$/, '');
  const last = /[\p{ID_Start}$_][\p{ID_Continue}$]*(?=[^\p{ID_Continue}$]*$)/u.exec(own)?.[0];
  if (last === undefined) return undefined;
  if (own.startsWith('new ')) return `create${last}`;
  return isIdentifier(last) ? last : `${last}Task`;
}

/** Whether the frame is the code of `eval()` or of `new Function()`, whose place is where the code was made. */
export function isEvaluated({ function: name }: Frame): boolean {
  return name === 'eval' || name === 'anonymous';
}

function isAnonymous(name: string): boolean {
  return name === '' || /[(<]anonymous[)>]/.test(name);
}

export function isIdentifier(name: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) && !RESERVED.has(name);
}

const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if ' +
    'implements import in instanceof interface let new null offload package private protected public return static super switch this throw true try typeof ' +
    'var void while with yield'
  ).split(' '),
);

export function isMethod(name: string): boolean {
  return /^(?!Object\.|Module\.|Function\.)\p{Lu}[\p{ID_Continue}$]*\./u.test(name);
}

export function subject(frame: Frame | undefined): string {
  return frame === undefined ? 'The application' : namedPlace(frame).replace(/^the /, 'The ');
}

/** "`loadConfig` (config.js:12)". */
export function namedPlace(frame: Frame): string {
  const where = `${clip(basename(frame.file), 32)}:${frame.line}`;
  if (frame.function === MODULE) return `the top level of ${where}`;
  if (isEvaluated(frame)) return `the code evaluated at ${where}`;
  return isAnonymous(frame.function) ? `the function at ${where}` : `\`${clip(frame.function)}\` (${where})`;
}

/** Makes a name safe to print in a terminal: it can be any text, as in `{ ['\x1b[2J']() {…} }`. */
export function clip(name: string, length = 40): string {
  const clean = stripVTControlCharacters(name).replace(/[\p{Cc}\p{Zl}\p{Zp}`]+/gu, ' ');
  return clean.length > length ? `${clean.slice(0, length - 1)}…` : clean;
}
