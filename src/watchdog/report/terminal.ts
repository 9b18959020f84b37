import { stripVTControlCharacters } from 'node:util';

/**
 * The text on one line, without control characters and without characters that turn the direction of the text around: names of
 * functions, paths and contexts may come from an attacker.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text.slice(0, LONGEST)).replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '');
}

/** How many columns the text takes at most: terminals disagree about joined and combined characters. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Cuts the text to fit, with `…` for the missing part. */
export function shorten(text: string, columns: number, keep: 'start' | 'end' | 'both'): string {
  if (width(text) <= columns) return text;
  const room = Math.max(0, columns - 1);
  const tail = keep === 'start' ? 0 : keep === 'end' ? room : Math.floor(room / 2);
  const characters = Array.from(text);
  const start = fitting(characters, room - tail);
  const end = fitting(characters.reverse(), tail).reverse();
  return columns > 0 ? `${start.join('')}…${end.join('')}` : '';
}

/** Breaks the text between words, and not inside of `code in backticks`, unless that is longer than a line. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words(text, columns)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (width(longer) > columns) lines.push(line);
    line = width(longer) > columns ? word : longer;
  }
  return [...lines, line];
}

// In characters: longer than any line that is shown, and short enough to process at once.
const LONGEST = 4000;

// East Asian characters, those of half width and those that combine included, emoji, and all beyond the first 65,536.
const WIDE = /[\u1100-\u11FF\u2E80-\uA4CF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\uFE10-\uFE6F\uFF01-\uFFDC\u{10000}-\u{10FFFF}]|\p{Emoji_Presentation}/u;

function fitting(characters: string[], columns: number): string[] {
  let used = 0;
  const end = characters.findIndex((character) => (used += width(character)) > columns);
  return end === -1 ? characters : characters.slice(0, end);
}

function words(text: string, columns: number): string[] {
  const whole = text.match(/`[^`]*`[^ ]*|[^ ]+/g) ?? [];
  return whole.flatMap((word) => (width(word) > columns ? word.split(' ').flatMap((part) => pieces(part, columns)) : [word]));
}

function pieces(word: string, columns: number): string[] {
  const found: string[] = [];
  let rest = Array.from(word);
  do {
    const piece = fitting(rest, columns);
    found.push(piece.join(''));
    rest = rest.slice(piece.length);
  } while (rest.length > 0);
  return found;
}
