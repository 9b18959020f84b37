import inspector from 'node:inspector';

import blockedAt from 'blocked-at';
import { startWatchdog } from 'offloop/watchdog';

/** Each function starts its candidate, and returns a function that stops it. `nothing` shows the noise of the measurement. */
export const candidates = { nothing, 'offloop watchdog': watchdog, 'blocked-at': blocked, 'Debugger left on': debuggerOn };

async function nothing() {
  return () => {};
}

async function watchdog() {
  const watching = startWatchdog();
  const { capture } = await watching.ready();
  if (capture.mode !== 'live') throw new Error(`The watchdog cannot capture here: ${capture.reason}`);
  return async () => {
    await watching.stop();
    expectSilence(watching.report());
  };
}

// A stuck loop is probed, and the cost of probes is another question.
function expectSilence({ offenders }) {
  const found = offenders.filter(({ kind }) => kind !== 'starved' && kind !== 'suspended');
  if (found.length > 0) throw new Error(`Expected no stall while the throughput is measured, got ${JSON.stringify(found[0])}`);
}

async function blocked() {
  const { stackTraceLimit } = Error;
  const { stop } = blockedAt(() => {}, { threshold: 100 });
  return () => {
    stop();
    // blocked-at sets the limit of stack frames to infinity, and leaves it there.
    Error.stackTraceLimit = stackTraceLimit;
  };
}

async function debuggerOn() {
  const session = new inspector.Session();
  session.connect();
  await new Promise((resolve) => session.post('Debugger.enable', resolve));
  return () => session.disconnect();
}
