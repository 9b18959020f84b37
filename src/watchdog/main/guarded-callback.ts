import { errorText } from '../../validation/describe.ts';
import { warn } from '../../node/warnings.ts';

/** What the user's callback throws is not for a watchdog to crash the process with. */
export function guard<R>(name: string, callback: () => R): R | undefined {
  const tell = (error: unknown): void => { warn('OFFLOOP_WATCHDOG_CALLBACK', `startWatchdog(): \`${name}\` has thrown: ${errorText(error)}`); };
  try {
    const result = callback();
    // An async function throws later.
    if (result instanceof Promise) result.catch(tell);
    return result;
  } catch (error) {
    tell(error);
    return undefined;
  }
}
