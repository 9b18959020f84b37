import { createInterface } from 'node:readline';

/**
 * The output of a server's watchdog: the lines that its thread writes to stderr, and its page, which responds while the
 * server itself does not.
 *
 * @param {import('node:stream').Readable} stderr
 * @param {string} url of the page
 */
export function readWatchdog(stderr, url) {
  let onReport = () => {};
  readReports(stderr, (report) => onReport(report));
  return { whenReported, isStuck, stalls };

  /** The first report only. */
  function whenReported(callback) {
    onReport = (report) => {
      onReport = () => {};
      callback(report);
    };
  }

  async function isStuck() {
    return (await fetch(new URL('health', url))).status === 503;
  }

  /** The stalls of code that computed for too long. On a busy machine a process may also have waited, for a CPU or for memory. */
  async function stalls() {
    const { offenders } = await (await fetch(new URL('report.json', url))).json();
    return offenders.filter(({ kind }) => kind === 'javascript' || kind === 'native').map(({ stack: _, ...offender }) => offender);
  }
}

/** A report goes from the line that names the function to the advice. All other lines on stderr are passed on. */
function readReports(stderr, onReport) {
  let report = [];
  createInterface({ input: stderr }).on('line', (line) => {
    const isFirst = line.startsWith('offloop: the event loop has been stuck');
    if (isFirst) report = [line];
    else if (report.length > 0 && line.startsWith('  ')) report.push(line);
    else if (!/^(offloop: | {2})/.test(line)) console.error(line);
    if (!line.startsWith('  →') || report.length === 0) return;
    onReport(report.join('\n'));
    report = [];
  });
}

export function namesTheCause(report) {
  return report.includes('validateDocument (') && report.includes('"requestId":"big-order-');
}

export function sentence([worst, ...others]) {
  if (worst === undefined) return 'The watchdog: no stall.';
  const { culprit, count, totalMs } = worst;
  const of = culprit?.package === undefined ? '' : ` of ${culprit.package}, called from ${culprit.calledFrom?.function}`;
  const rest = others.length === 0 ? '' : `, and ${others.length} other causes`;
  return `The watchdog: ${count} ${count === 1 ? 'stall' : 'stalls'} of ${(totalMs / 1000).toFixed(1)} s in all, in ${culprit?.function ?? 'code that left no trace'}${of}${rest}.`;
}
