export interface Metric {
  readonly help: string;
  readonly type: string;
  readonly samples: { readonly name: string; readonly labels: Record<string, string>; readonly value: number }[];
}

/**
  * Parses Prometheus's text format, and throws where a strict reader refuses the text: a metric without HELP and TYPE or with
  * two of either, samples of one metric apart from each other, a series twice, a histogram whose buckets do not add up.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function parseMetrics(text: string): Map<string, Metric> {
  if (!text.endsWith('\n')) throw new Error('The last line must end with a line feed.');
  const metrics = new Map<string, Metric>();
  const series = new Set<string>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment === null) addSample(metrics, series, current, line);
    else current = addComment(metrics, current, comment);
  }
  for (const [name, metric] of metrics) if (metric.type === 'histogram') checkHistogram(name, metric);
  return metrics;
}

/** Adds a comment line; HELP must come first, and TYPE before any sample. */
function addComment(metrics: Map<string, Metric>, current: string, [line, what, name = '', text = '']: RegExpExecArray): string {
  const metric = metrics.get(name);
  if (what === 'HELP') {
    if (metric !== undefined) throw new Error(`Twice: ${line}`);
    metrics.set(name, { help: text, type: '', samples: [] });
  } else {
    if (metric === undefined || name !== current || metric.type !== '' || metric.samples.length > 0) throw new Error(`Out of place: ${line}`);
    if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(text)) throw new Error(`No type: ${line}`);
    metrics.set(name, { ...metric, type: text });
  }
  return name;
}

const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(String.raw`^([a-zA-Z_:][\w:]*)(?:\{(${LABEL}(?:,${LABEL})*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|\+?Inf)|NaN)$`);

function addSample(metrics: Map<string, Metric>, series: Set<string>, current: string, line: string): void {
  const [, name, tags = '', value] = SAMPLE.exec(line) ?? [];
  const metric = metrics.get(current);
  if (name === undefined || metric === undefined) throw new Error(`Neither a comment nor a sample: ${line}`);
  const allowed = metric.type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => current + end) : [current];
  if (metric.type === '' || !allowed.includes(name)) throw new Error(`Not of ${current}: ${line}`);
  if (series.has(`${name}{${tags}}`)) throw new Error(`The series is there twice: ${line}`);
  series.add(`${name}{${tags}}`);
  metric.samples.push({ name, labels: parseLabels(tags), value: Number(value?.replace('Inf', 'Infinity')) });
}

function parseLabels(tags: string): Record<string, string> {
  const pairs = [...tags.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))]));
}

function checkHistogram(name: string, { samples }: Metric): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')));
  const grow = (numbers: number[], isStrict: boolean): boolean => numbers.every((n, i) => i === 0 || (isStrict ? n > numbers[i - 1]! : n >= numbers[i - 1]!));
  if (!grow(bounds, true)) throw new Error(`${name}: the buckets are out of order.`);
  if (!grow(buckets.map(({ value }) => value), false)) throw new Error(`${name}: the buckets are not cumulative.`);
  const count = samples.find((sample) => sample.name === `${name}_count`);
  if (bounds.at(-1) !== Infinity || buckets.at(-1)?.value !== count?.value) throw new Error(`${name}: +Inf is not the count.`);
  if (!samples.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: there is no sum.`);
}
