import { Promise } from '../../node/intrinsics.ts';
import { now } from '../../node/clock.ts';
import { isThenable } from '../../node/promises.ts';
import { inCleanRoot } from '../../context/root.ts';
import { abortReason, deadlineError } from '../../task/interruptions.ts';
import type { AnyFunction } from '../../task/registry.ts';
import type { RunMessage } from '../../wire/messages/requests.ts';
import type { RunResponse } from '../../wire/messages/responses.ts';
import { callTask } from './call-task.ts';
import { addressOf, classesForArguments, loadModulesOf } from './loading.ts';
import { resolveTask } from './modules.ts';
import { takeThenOff } from './no-then.ts';
import { returnedResponse, threwResponse } from './responses.ts';
import { createRunningTask, type RunningTask, type Scope } from './running-task.ts';
import type { WorkerHost } from './worker-host.ts';

/**
 * Runs one task: loads its module, restores the context in a clean root, calls the function, prepares the response. Never throws or
 * rejects. Returns a promise only where there is something to wait for: each promise shows in the cost of a call.
 */
export function run(message: RunMessage, host: WorkerHost, inScope: Scope = inCleanRoot): RunResponse | Promise<RunResponse> {
  const address = addressOf(message, host);
  const loading = loadModulesOf(message, host);
  const fn = loading ?? resolveTask(address);
  const task = createRunningTask(message, address, host, inScope);
  return typeof fn === 'function' && message.repairs?.errors === undefined ? start(task, fn) : loadAndStart(task, fn);
}

async function loadAndStart(task: RunningTask, loading: unknown): Promise<RunResponse> {
  try {
    await loading;
    const fn = await resolveTask(task.address);
    task.classes = await classesForArguments(task);
    return await start(task, fn);
  } catch (error) {
    return threw(task, error);
  }
}

function start(task: RunningTask, fn: AnyFunction): RunResponse | Promise<RunResponse> {
  const { message, host } = task;
  try {
    assertWanted(task);
    if (message.sayWhenStarted === true) host.notify({ type: 'started', id: message.id });
    tasksRunning++;
    task.startedAt = now();
    host.setStartedAt(task.startedAt);
    const value = callTask(task, fn);
    return isThenable(value) ? settle(task, value) : returned(task, value);
  } catch (error) {
    return threw(task, error);
  }
}

/** The module may have taken long to load, so that the caller has given up meanwhile. */
function assertWanted({ message: { id }, address, handle: { due }, host }: RunningTask): void {
  if (due !== undefined && host.clock.timeTo(due) <= 0) throw deadlineError(address.name, 'in its worker');
  const kind = host.pollAbort(id);
  if (kind !== undefined) throw abortReason(kind, address.name);
}

async function settle(task: RunningTask, value: PromiseLike<unknown>): Promise<RunResponse> {
  const { host, message, handle } = task;
  host.running.add(message.id, handle);
  try {
    const response = returned(task, await (value instanceof Promise ? value : toPromise(task, value)));
    return response instanceof Promise ? await response : response;
  } catch (error) {
    return await threw(task, error);
  } finally {
    host.running.delete(message.id);
  }
}

/** The work of a lazy thenable, such as a database query, begins in its `then`: call that in the task's own context. */
function toPromise({ scope }: RunningTask, value: PromiseLike<unknown>): Promise<unknown> {
  return scope!.runInAsyncScope(() => Promise.resolve(value));
}

function returned(task: RunningTask, value: unknown): RunResponse | Promise<RunResponse> {
  endTask(task);
  return returnedResponse(task, value, now() - task.startedAt);
}

function threw(task: RunningTask, error: unknown): Promise<RunResponse> {
  const { startedAt } = task;
  endTask(task);
  return threwResponse(task, error, startedAt === 0 ? 0 : now() - startedAt);
}

let tasksRunning = 0;

/** Whether a task has been started and is not over. */
export function isTaskRunning(): boolean {
  return tasksRunning > 0;
}

/** May be called twice for one task: a result that cannot be sent becomes an error. */
function endTask({ handle, startedAt, host }: RunningTask): void {
  takeThenOff();
  if (startedAt !== 0 && !handle.isOver) tasksRunning--;
  handle.isOver = true;
  host.setStartedAt(0);
}
