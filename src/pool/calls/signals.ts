import { cleanResource } from '../../context/root.ts';

interface Listening {
  readonly listeners: Set<() => void>;
  readonly onAbort: () => void;
}

const signals = new WeakMap<AbortSignal, Listening>();
const root = cleanResource('offloop.Signals');
/** Options without a prototype: Node also reads inherited ones, such as `signal`. */
const onceOptions = { __proto__: null, once: true };

/**
 * Calls the listener when the signal aborts, in the root context and not in that of the code that aborts. Calls that share a
 * signal share one event listener: eleven listeners would print a MaxListenersExceededWarning.
 * @returns a function that removes the listener
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
      // The signal is the user's object: if the signal throws, other calls must still settle.
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
  signal.addEventListener('abort', onAbort, onceOptions);
  const listening = { listeners, onAbort };
  signals.set(signal, listening);
  return listening;
}
