import { transferableAbortController } from 'node:util';

type Controller = new () => AbortController;

/**
 * The class of this thread when offloop is loaded. Test environments with the globals of a DOM have one of their own, whose signals
 * may not be made to look at the task's flag: then Node's, which is behind a function of `node:util`.
 */
export const TaskController: Controller = isPollable(AbortController) ? AbortController : (transferableAbortController().constructor as Controller);

/** Of those that `TaskController` makes. */
export const signalPrototype = Object.getPrototypeOf(new TaskController().signal) as AbortSignal;

function isPollable(controller: Controller): boolean {
  try {
    const { signal } = new controller();
    const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(signal), 'aborted') ?? {};
    return get?.call(signal) === false && !Object.hasOwn(signal, 'aborted');
  } catch {
    return false;
  }
}
