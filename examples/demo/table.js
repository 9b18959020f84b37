const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** @returns {string[][]} a heading and the rows, for the terminal and for Markdown */
export function tableRows({ inline, offloaded }) {
  return [
    ['small orders', 'inline', 'offloaded', ''],
    ['mean latency', ...latency(inline.light.mean, offloaded.light.mean)],
    ['p99 latency', ...latency(inline.light.p99, offloaded.light.p99)],
    ['throughput', ...throughput(inline.light.perSecond, offloaded.light.perSecond)],
    ['errors', `${inline.light.errors}`, `${offloaded.light.errors}`, ''],
    ['timeouts', `${inline.light.timeouts}`, `${offloaded.light.timeouts}`, ''],
    ['health check p99', ...latency(inline.health.p99, offloaded.health.p99)],
    ['big orders answered', `${inline.heavy.answered}`, `${offloaded.heavy.answered}`, ''],
  ];
}

/** The same table for a README, with the machine it was measured on. */
export function markdownTable(results) {
  const [heading, ...rows] = tableRows(results);
  const { inline, heavy, machine, node, measuredOn } = results;
  return [
    markdownRow(heading),
    markdownRow(['---', '---:', '---:', '---:']),
    ...rows.map(markdownRow),
    '',
    `${inline.light.connections} connections send small orders, ${inline.heavy.connections} sends big ones: ${number.format(heavy.bytes / 1000)} KB, ` +
    `${(heavy.ms / 1000).toFixed(1)} s of validation each. ${inline.seconds} s per column, the load generator on the same machine: ` +
    `${machine.cpu}, ${machine.cores} cores, Node ${node}, ${measuredOn}. \`npm run demo\` measures it again.`,
  ].join('\n');
}

function latency(before, after) {
  return [ms(before), ms(after), `1/${number.format(before / after)}`];
}

function throughput(before, after) {
  return [`${number.format(before)}/s`, `${number.format(after)}/s`, `${number.format(after / before)}×`];
}

function ms(value) {
  return `${value < 100 ? value.toFixed(1) : number.format(value)} ms`;
}

function markdownRow(cells) {
  return `| ${cells.join(' | ')} |`;
}
