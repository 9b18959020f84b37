import { groupBy } from './measure.js';

const WIDTH = 760;
const LABELS = 210;
const BARS = 300;
const LINE = 20;
const HEADING = 26;

/**
 * One SVG of horizontal bars: each measured quantity has a group with a scale of its own, and each bar has a whisker over the
 * middle half of the rounds.
 */
export function chart({ question, rows, measuredOn, node, machine }) {
  const groups = groupsOf(rows.map(barOf));
  let y = 28;
  const drawn = groups.map(({ title, bars }) => {
    const [top, height] = [y, (title === undefined ? 0 : HEADING) + bars.length * LINE + 8];
    y += height;
    return drawGroup(title, bars, top);
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 24}" viewBox="0 0 ${WIDTH} ${y + 24}" role="img" aria-label="${escaped(question)}">`,
    STYLE,
    text(0, 16, question, 'title'),
    ...drawn.flat(),
    text(0, y + 14, `${machine.cpu}, ${machine.cores} cores, Node ${node}, ${measuredOn}`, 'note'),
    '</svg>',
  ].join('\n')}\n`;
}

const STYLE = `<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px } .group { font-weight: 600 } .note { fill: #59636e }
  .bar { fill: #afb8c1 } .own { fill: #1f883d } .whisker { stroke: #59636e; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .note { fill: #9198a1 } .bar { fill: #4d5560 } .own { fill: #3fb950 } .whisker { stroke: #c9d1d9 }
  }
</style>`;

/** A row's ratio, or the median of its measurements; the other properties of the row become a note. */
function barOf({ on, measured: group = on, candidate, unit = '', median, ratio, 'middle half': half, ...others }) {
  const [from, to] = half.split(' to ').map(Number);
  const value = ratio ?? median;
  const notes = Object.entries(others).filter(([name]) => name !== 'n' && !name.includes('95 %')).map(([name, other]) => `${format(other)} ${name}`);
  return { group, candidate, value, from, to, label: [`${format(value)} ${ratio === undefined ? unit : '×'}`.trim(), ...notes].join(', ') };
}

/** A quantity that is zero for every candidate, for instance errors, needs no bars. */
function groupsOf(bars) {
  const groups = [...groupBy(bars, ({ group }) => group)];
  return groups.map(([title, bars]) => ({ title, bars })).filter(({ bars }) => bars.some(({ to }) => to > 0));
}

function drawGroup(title, bars, top) {
  const longest = Math.max(...bars.map(({ to }) => to));
  const first = top + (title === undefined ? 0 : HEADING);
  return [...(title === undefined ? [] : [text(0, top + 18, title, 'group')]), ...bars.map((bar, i) => drawBar(bar, BARS / longest, first + i * LINE))];
}

function drawBar({ candidate, value, from, to, label }, scale, y) {
  const [x, middle] = [(at) => round(LABELS + at * scale), y + LINE / 2];
  return [
    text(0, middle + 4, candidate),
    `<rect class="${candidate.startsWith('offloop') || candidate === 'offloaded' ? 'own' : 'bar'}" x="${LABELS}" y="${y + 3}" width="${round(Math.max(1, value * scale))}" height="${LINE - 6}"/>`,
    `<path class="whisker" d="M${x(from)} ${middle}H${x(to)}"/>`,
    text(Math.max(x(to), x(value)) + 6, middle + 4, label, 'note'),
  ].join('');
}

function text(x, y, content, kind) {
  return `<text x="${x}" y="${y}"${kind === undefined ? '' : ` class="${kind}"`}>${escaped(content)}</text>`;
}

function format(value) {
  return typeof value === 'number' ? value.toLocaleString('en-US', { maximumSignificantDigits: 4 }) : value;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escaped(content) {
  return String(content).replace(/[&<"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
