/** A line for each span, beneath its parent's line, in the order in which the spans started. */
export function treeOf(spans, parentSpanId = undefined, indent = '') {
  const children = spans.filter((span) => (span.parentSpanId || undefined) === parentSpanId).sort((one, other) => one.start - other.start);
  return children.flatMap((span, i) => {
    const isLast = i === children.length - 1;
    const branch = parentSpanId === undefined ? '' : isLast ? '└─ ' : '├─ ';
    const below = parentSpanId === undefined ? '' : isLast ? '   ' : '│  ';
    const name = `${indent}${branch}${span.name}`;
    return [`${name.padEnd(30)} thread ${span.thread} ${span.ms.toFixed(1).padStart(8)} ms`, ...treeOf(spans, span.spanId, indent + below)];
  });
}
