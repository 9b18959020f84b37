import { afterReading } from '../../node/time-limit.ts';
import { realClock, type Clock, type Timer } from '../../node/limit-clock.ts';
import { deadlineError } from '../../task/interruptions.ts';
import type { AbortKind } from '../../wire/messages/requests.ts';
import type { Call } from './call.ts';
import { whenAborted } from './signals.ts';

type Cancel = (kind: AbortKind, reason: () => unknown) => void;

/** Cancels the call when its signal aborts or its deadline passes, until the call settles. */
export function watchLimits(call: Call, signal: AbortSignal | undefined, clock: Clock, cancel: Cancel): void {
  const due = call.extras?.due;
  const unlisten = signal && whenAborted(signal, () => { cancel('abort', () => signal.reason as unknown); });
  const timer = due === undefined ? undefined : deadlineTimer(call, due, clock, cancel);
  call.extras!.release = () => {
    unlisten?.();
    timer?.cancel();
  };
}

function deadlineTimer(call: Call, due: number, clock: Clock, cancel: Cancel): Timer {
  const end = (): void => {
    const when = call.state === 'waiting' ? 'waiting' : 'running';
    cancel('deadline', () => deadlineError(call.task.name, when));
  };
  return clock.startAt(due, () => {
    // The response may be here already, and only this thread be late in reading it.
    if (call.state === 'running' && clock === realClock) afterReading(end);
    else end();
  });
}
