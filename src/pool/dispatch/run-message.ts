import { toWire } from '../../context/call-stores.ts';
import type { BatchExtras } from '../../wire/messages/batch.ts';
import type { RunMessage } from '../../wire/messages/requests.ts';
import type { Call } from '../calls/call.ts';
import type { CallExtras } from '../calls/extras.ts';
import type { WorkerKnowledge } from '../workers/worker-knowledge.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The message for one call, with only the keys that are needed: every key is cloned, even when its value is undefined. */
export function runMessage(call: Call, knowledge: WorkerKnowledge): RunMessage {
  const { id, task, args, stores, extras } = call;
  const known = knowledge.numberOf(task);
  const message: Mutable<RunMessage> = { type: 'run', id, task: known ?? knowledge.declare(task), args };
  if (known === undefined) {
    message.declares = { module: task.module, name: task.name };
    message.sayWhenStarted = true;
  }
  if (extras !== undefined) addExtras(message, extras);
  if (extras?.traced !== undefined) message.wantsCpu = true;
  if (stores !== undefined) {
    message.stores = toWire(stores);
    const declaredIn = knowledge.missingModules(call);
    if (declaredIn !== undefined) message.declaredIn = declaredIn;
  }
  return message;
}

export function addExtras(message: Mutable<BatchExtras>, { repairs, deadline, due, timeout }: CallExtras): void {
  if (repairs !== undefined) message.repairs = repairs;
  if (deadline !== undefined) Object.assign(message, { deadline, due });
  if (timeout !== undefined) message.sayWhenStarted = true;
}
