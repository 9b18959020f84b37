import type { Frame, Offender, ReportData } from '../../../src/watchdog/types.ts';

const since = Date.UTC(2026, 10, 23, 14, 2, 11);
const root = process.cwd();

/** The report of one minute of a service: a regular expression, a password hash, a file, a dependency, the garbage collector. */
export function sampleReport(overrides: Partial<ReportData> = {}): ReportData {
  const offenders = overrides.offenders ?? sampleOffenders();
  const timeline = offenders.flatMap(stallsOf).sort((a, b) => a.startedAt - b.startedAt);
  return {
    since,
    until: since + 61_000,
    capture: { mode: 'live' },
    stalls: offenders.reduce((sum, { count }) => sum + count, 0),
    blockedMs: offenders.reduce((sum, { totalMs }) => sum + totalMs, 0),
    expected: { count: 2, ms: 1310 },
    offenders,
    others: { count: 0, totalMs: 0 },
    timeline,
    lag: { count: 2440, mean: 14.2, p50: 0.4, p99: 312, max: 2713 },
    ...overrides,
  };
}

export function emptyReport(overrides: Partial<ReportData> = {}): ReportData {
  return sampleReport({
    offenders: [],
    expected: { count: 0, ms: 0 },
    lag: { count: 2440, mean: 0.6, p50: 0.4, p99: 4.2, max: 31 },
    ...overrides,
  });
}

export function frame(name: string, file: string, line: number, more: Partial<Frame> = {}): Frame {
  return { function: name, file: file.startsWith('src/') || file.startsWith('node_modules/') ? `${root}/${file}` : file, line, column: 7, ...more };
}

export function offender(overrides: Partial<Offender> = {}): Offender {
  const culprit = frame('validateOrder', 'src/orders/validate.js', 12);
  return {
    kind: 'javascript',
    confidence: 'live',
    culprit,
    boundary: culprit,
    advice: {
      action: 'offload',
      text: '`validateOrder` computes. Run it on a worker: `export const validateOrder = offload(import.meta, function validateOrder(order) { … })`',
    },
    count: 1,
    totalMs: 2713,
    p50: 2713,
    max: 2713,
    share: 0.643,
    requests: 1,
    context: { request: { requestId: 'r-17', tenant: 'acme' } },
    stack: [culprit, frame('handleOrder', 'src/server.js', 40), frame('onRequest', 'src/server.js', 22, { isAsync: true })],
    firstSeen: since + 9000,
    lastSeen: since + 9000,
    ...overrides,
  };
}

function sampleOffenders(): Offender[] {
  const called = { ...offender(), call: 'RegExp.test', count: 2, totalMs: 3870, requests: 2, lastSeen: since + 33_500 };
  const list = [called, passwordHash(), dependency(), settings(), collector()];
  const total = list.reduce((sum, { totalMs }) => sum + totalMs, 0);
  return list.map((one) => ({ ...one, share: one.totalMs / total }));
}

function passwordHash(): Offender {
  const culprit = frame('hashPassword', 'src/users/password.js', 88);
  return offender({
    kind: 'native', confidence: 'at-return', culprit, boundary: culprit, call: 'pbkdf2Sync',
    advice: { action: 'use-async-api', text: '`pbkdf2Sync` has an asynchronous twin. In `hashPassword`: `await promisify(pbkdf2)(…)`' },
    count: 12, totalMs: 1488, p50: 121, max: 180, requests: 12, context: { request: { requestId: 'r-311', tenant: 'globex' } },
    stack: [frame('pbkdf2Sync', 'native', 0), culprit, frame('signIn', 'src/users/routes.js', 31), frame('dispatch', 'node_modules/fastify/lib/handle.js', 140, { package: 'fastify' })],
    firstSeen: since + 3000, lastSeen: since + 58_000,
  });
}

function dependency(): Offender {
  const calledFrom = frame('renderInvoice', 'src/billing/invoice.ts', 57);
  const culprit = frame('Parser.parseBlocks', 'node_modules/@acme/markdown/dist/parser.js', 1204, { package: '@acme/markdown', calledFrom });
  return offender({
    culprit, boundary: calledFrom, task: 'invoice',
    advice: { action: 'offload', text: '`renderInvoice` calls `Parser.parseBlocks` of @acme/markdown, which computes. Offload `renderInvoice`: `export const renderInvoice = offload(import.meta, function renderInvoice(order) { … })`' },
    count: 4, totalMs: 931, p50: 214, max: 342, requests: 3, context: { request: { requestId: 'r-90' }, trace: '[sensitive]' },
    stack: [frame('Tokenizer.next', 'node_modules/@acme/markdown/dist/tokenizer.js', 311, { package: '@acme/markdown' }), culprit, calledFrom, frame('(anonymous)', 'src/billing/routes.ts', 12, { isAsync: true })],
    firstSeen: since + 20_500, lastSeen: since + 56_500,
  });
}

function settings(): Offender {
  const culprit = frame('loadSettings', 'src/settings.js', 9);
  return offender({
    kind: 'blocking-io', culprit, boundary: culprit, call: 'readFileSync',
    advice: { action: 'use-async-api', text: 'Use `readFile` of node:fs/promises in `loadSettings`: `const text = await readFile(path)`' },
    count: 1, totalMs: 260, p50: 260, max: 260, requests: 0, context: {},
    stack: [frame('readFileSync', 'native', 0), culprit], firstSeen: since + 800, lastSeen: since + 800,
  });
}

function collector(): Offender {
  const { culprit: _culprit, boundary: _boundary, ...rest } = offender();
  return {
    ...rest, kind: 'gc', confidence: 'none',
    advice: { action: 'reduce-garbage', text: 'The garbage collector ran. Keep fewer objects alive, or give it more room: `node --max-semi-space-size=64`' },
    count: 2, totalMs: 223, p50: 104, max: 119, requests: 0, context: {}, stack: [], firstSeen: since + 30_000, lastSeen: since + 52_000,
  };
}

/** The stalls of an offender, spread over the time between its first and its last stall, and around its median. */
function stallsOf({ count, p50, max, firstSeen, lastSeen }: Offender, offender: number): ReportData['timeline'][number][] {
  return Array.from({ length: Math.min(count, 1000) }, (_, index) => {
    const isLast = index === count - 1;
    const startedAt = firstSeen + (count > 1 ? ((lastSeen - firstSeen) * index) / (count - 1) : 0);
    return { startedAt, duration: isLast ? max : p50 * (0.9 + (0.2 * (index % 5)) / 5), offender };
  });
}
