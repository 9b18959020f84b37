import { styleText } from 'node:util';

// Node 20's styleText ignores the stream and NO_COLOR; hasColors respects both.
const hasColors = process.stdout.isTTY && process.stdout.hasColors();

/** @param {Parameters<typeof styleText>[0]} format */
export function style(format, text) {
  return hasColors ? styleText(format, text) : text;
}

export function heading(text) {
  console.log(`\n${style('bold', text)}`);
}

export function say(text = '') {
  console.log(text.split('\n').map((line) => (line ? `  ${line}` : '')).join('\n'));
}

/** One number a second, on one line: `write` adds a number, `interrupt` prints a text in between, `end` closes the line. */
export function ticker(label) {
  const begin = () => process.stdout.write(`\n  ${label}:`);
  begin();
  return {
    interrupt: (text) => {
      process.stdout.write('\n\n');
      say(text);
      begin();
    },
    write: (value) => process.stdout.write(` ${style(value ? 'green' : 'red', value.toLocaleString('en-US'))}`),
    end: () => process.stdout.write('\n'),
  };
}

export function table([titles, ...rows]) {
  const widths = titles.map((_, column) => Math.max(...[titles, ...rows].map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[0]))).join('   ').trimEnd();
  say();
  say(style('dim', line(titles)));
  for (const row of rows) say(line(row));
}
