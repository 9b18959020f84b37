import { errorText } from '../../validation/describe.ts';
import { warn } from '../../node/warnings.ts';

/** Runs a callback of the user's. An error of the callback becomes a warning, since a watchdog must not end the process. */
export function guard<R>(name: string, callback: () => R): R | undefined {
  const warnOf = (error: unknown): void => { warn('OFFLOOP_WATCHDOG_CALLBACK', `startWatchdog(): \`${name}\` has thrown: ${errorText(error)}`); };
  try {
    const result = callback();
    // An async function throws later.
    if (result instanceof Promise) result.catch(warnOf);
    return result;
  } catch (error) {
    warnOf(error);
    return undefined;
  }
}
