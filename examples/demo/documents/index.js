import { readFileSync } from 'node:fs';

const LIGHT_FILES = ['light-1.json', 'light-2.json', 'light-3.json', 'light-4.json'];

/** A blank line of a print report: padded to the width of the paper. */
export const BLANK_LINE = `${' '.repeat(132)}\n`;
const BLANK_LINES = new RegExp(`(?:${BLANK_LINE})+`);

export function lightDocuments() {
  return LIGHT_FILES.map(read);
}

/**
 * The order with a pasted print report in its remarks.
 *
 * @param {number} blankLines how many blank lines the report has: validation takes time in proportion to their square
 */
export function heavyDocument(blankLines) {
  const order = read('heavy.json');
  return { ...order, remarks: order.remarks.replace(BLANK_LINES, BLANK_LINE.repeat(blankLines)) };
}

function read(file) {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}
