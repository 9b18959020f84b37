import { cleanResource } from '../../context/root.ts';

interface Listening {
  readonly listeners: Set<() => void>;
  readonly onAbort: () => void;
}

const signals = new WeakMap<AbortSignal, Listening>();
const root = cleanResource('offloop.Signals');
/** Node reads `signal` and others from it, inherited ones too. */
const once = { __proto__: null, once: true };

/**
 * Calls back when the signal aborts, in the root context and not in the aborter's. One event listener per signal, however
 * many calls share it: eleven of them would otherwise print a MaxListenersExceededWarning.
 * @returns what takes the listener off again
 */
export function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  const { listeners, onAbort } = signals.get(signal) ?? listenTo(signal);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    try {
      signal.removeEventListener('abort', onAbort);
    } catch {
      // It is the user's object, and others wait for their answers.
    }
    signals.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Listening {
  const listeners = new Set<() => void>();
  const onAbort = (): void => {
    root.runInAsyncScope(() => {
      for (const listener of [...listeners]) listener();
    });
  };
  signal.addEventListener('abort', onAbort, once);
  const listening = { listeners, onAbort };
  signals.set(signal, listening);
  return listening;
}
