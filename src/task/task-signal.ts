import { transferableAbortController } from 'node:util';

import { Object } from '../node/intrinsics.ts';

type Controller = new () => AbortController;

/**
 * The class of this thread when offloop is loaded. A test environment with the globals of a DOM has a class of its own, whose signals
 * may not let their properties be replaced: then Node's class, which `node:util` gives access to.
 */
const TaskController: Controller = isPollable(AbortController) ? AbortController : (transferableAbortController().constructor as Controller);

function isPollable(controller: Controller): boolean {
  try {
    const { signal } = new controller();
    const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(signal), 'aborted') ?? {};
    return get?.call(signal) === false && !Object.hasOwn(signal, 'aborted');
  } catch {
    return false;
  }
}

const signalPrototype = Object.getPrototypeOf(new TaskController().signal) as AbortSignal;
const nativeAborted = Object.getOwnPropertyDescriptor(signalPrototype, 'aborted')?.get as (this: AbortSignal) => boolean;
const nativeReason = Object.getOwnPropertyDescriptor(signalPrototype, 'reason')?.get as (this: AbortSignal) => unknown;

/**
 * A controller whose signal calls `poll` before it tells whether it is aborted: a signal learns of an abort by an event, and a
 * synchronous loop gets no events. `poll` may abort the controller, which notifies the signal's listeners.
 */
export function pollingController(poll: () => void): AbortController {
  const controller = new TaskController();
  const { signal } = controller;
  Object.defineProperties(signal, {
    // A `value` or a `get` on Object.prototype would be a part of each of these.
    aborted: { __proto__: null, get: () => (poll(), nativeAborted.call(signal)) },
    reason: { __proto__: null, get: () => (poll(), nativeReason.call(signal)) },
    throwIfAborted: {
      __proto__: null,
      value: () => {
        poll();
        if (nativeAborted.call(signal)) throw nativeReason.call(signal);
      },
    },
  } as PropertyDescriptorMap);
  return controller;
}

/** Whether a controller of `pollingController()` has been aborted, without a call of its `poll`. */
export function isAborted({ signal }: AbortController): boolean {
  return nativeAborted.call(signal);
}
