import { createInterface } from 'node:readline';

/**
 * What the watchdog of a server says: the lines that its thread writes to stderr, and its page, which answers while the
 * server itself answers nobody.
 *
 * @param {import('node:stream').Readable} stderr
 * @param {string} url of the page
 */
export function readWatchdog(stderr, url) {
  return { whenReported: (callback) => firstReport(stderr, callback), isStuck, stalls };

  async function isStuck() {
    return (await fetch(new URL('health', url))).status === 503;
  }

  /** What computed for too long. On a busy machine a process may also have had to wait, for a CPU or for its memory. */
  async function stalls() {
    const { offenders } = await (await fetch(new URL('report.json', url))).json();
    return offenders.filter(({ kind }) => kind === 'javascript' || kind === 'native').map(({ stack: _, ...offender }) => offender);
  }
}

/** From the line that names the function to the advice, which is the last one. */
function firstReport(stderr, callback) {
  const report = [];
  const lines = createInterface({ input: stderr }).on('line', (line) => {
    if (report.length > 0 || line.startsWith('offloop: the event loop has been stuck')) report.push(line);
    if (!line.startsWith('  →')) return;
    lines.close();
    stderr.resume();
    callback(report.join('\n'));
  });
}

export function namesTheCause(report) {
  return report.includes('validateDocument (') && /"requestId":"[^"]+"/.test(report);
}

export function sentence([worst, ...others]) {
  if (worst === undefined) return 'The watchdog: no stall.';
  const { culprit, count, totalMs } = worst;
  const of = culprit?.package === undefined ? '' : ` of ${culprit.package}, called from ${culprit.calledFrom?.function}`;
  const rest = others.length === 0 ? '' : `, and ${others.length} other causes`;
  return `The watchdog: ${count} ${count === 1 ? 'stall' : 'stalls'} of ${(totalMs / 1000).toFixed(1)} s in all, in ${culprit?.function ?? 'what left no trace'}${of}${rest}.`;
}
