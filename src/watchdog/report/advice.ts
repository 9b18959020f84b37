/*
 * report/ makes text and figures of stalls: the advice, the log, the ranking and the table, and what a stack says to people. The code
 * runs on both threads, and depends on neither.
 */
import { MODULE } from '../protocol/findings.ts';
import { isUsers } from './stack.ts';
import { syncCall, type SyncCall, type Twin } from './sync-calls.ts';
import type { Advice, Frame, Stall } from '../types.ts';
import { clip, compose, declaration, identifier, isEvaluated, isIdentifier, isMethod, namedPlace, subject } from './wording.ts';

type Seen = Omit<Stall, 'advice'>;

/** Advises on the cure of the stall: not every function that blocks belongs on a worker. */
export function advise(stall: Seen): Advice {
  switch (stall.kind) {
    case 'javascript':
    case 'native':
      return adviseByTask(stall) ?? adviseByCall(stall) ?? adviseOffload(stall);
    case 'blocking-io':
      return adviseByTask(stall) ?? adviseByCall(stall) ?? adviseWait(stall);
    case 'gc':
      return adviseGarbage(stall);
    case 'starved':
      return compose('add-cpu', 'The event loop was ready to run and got no CPU.', 'Raise the CPU limit (quota) of the container, or run fewer busy processes and threads beside it.');
    case 'suspended':
      return compose('none', 'The whole process stood still: it was stopped, or the machine slept.', 'There is nothing to change in the code.');
  }
}

function adviseGarbage({ culprit }: Seen): Advice {
  return compose(
    'reduce-garbage',
    `Garbage collection blocked the event loop${culprit === undefined ? '' : `, with ${namedPlace(culprit)} on the stack`}.`,
    'Create fewer short-lived objects there, stream the data instead of collecting it, or give the heap more room: `node --max-old-space-size=<MB>`.',
  );
}

function adviseByTask({ task }: Seen): Advice | undefined {
  if (task === undefined) return undefined;
  const name = clip(task);
  const change = isIdentifier(name) ? `\`${name}(…)\` instead of \`${name}.inline(…)\`` : 'the task itself instead of its `inline()`';
  return compose('offload', `The task \`${name}\` ran on the event loop.`, `Call ${change}; if its pool has \`runtime: 'inline'\`, give that threads.`);
}

/** Advice on a call that Node offers in an asynchronous form, too, and on one that loads or writes rather than computes. */
function adviseByCall(stall: Seen): Advice | undefined {
  const call = syncCall(stall.call ?? '');
  if (call === undefined) return adviseLoading(stall) ?? adviseWriting(stall);
  if (call.twin === undefined) return adviseOffload(stall, `\`${clip(stall.call!)}\` has no asynchronous form.`);
  if (isPassing(call, stall)) return undefined;
  return stall.culprit?.package === undefined ? adviseTwin(stall, call, call.twin) : adviseTwinOfPackage(stall, call, call.twin);
}

/** Whether the call is not what blocks: a loop may make the call only now and then. */
function isPassing(call: SyncCall, { kind, samples }: Seen): boolean {
  const count = samples.filter((stack) => stack.some((frame) => !isUsers(frame) && syncCall(frame.function) === call)).length;
  return kind === 'javascript' && count > 0 && count < samples.length / 2;
}

function adviseTwin({ culprit, kind, confidence }: Seen, call: SyncCall, twin: Twin): Advice {
  const where = culprit === undefined ? 'Replace' : `In ${namedPlace(culprit)} replace`;
  const what = call.isExample === true ? `the synchronous call of ${twin.from} by its asynchronous form, such as ` : '';
  // The call was found at its end, and the kind of the stall is not that of such a call.
  const isDoubtful = confidence === 'at-return' && kind !== call.kind;
  return compose('use-async-api', `${where} ${what}\`${call.name}(…)\` by \`${twin.line}\`${origin(twin)}.`, isDoubtful && AT_RETURN);
}

function origin({ name, from, how }: Twin): string {
  if (from === 'globalThis' || name.includes('.')) return '';
  if (how === 'callback') return `, with \`${name}\` from ${from} and \`promisify\` from node:util`;
  return how === 'event' ? `, with \`${name}\` from ${from} and \`once\` from node:events` : ` from ${from}`;
}

/** Advice for a call inside of a dependency, whose code the user does not edit. */
function adviseTwinOfPackage({ culprit, samples }: Seen, call: SyncCall, twin: Twin): Advice {
  const name = clip(culprit!.package!);
  const what = call.isExample === true ? `a synchronous function of ${twin.from}` : `\`${call.name}(…)\``;
  return compose(
    'use-async-api',
    `${namedPlace(culprit!)} of ${name} calls ${what}.`,
    `In ${callerOf(culprit!, samples)} use an asynchronous function of ${name}, one that calls \`${twin.name}\`; failing that, offload the call.`,
  );
}

function adviseLoading({ call, culprit, samples }: Seen): Advice | undefined {
  const isLoader = culprit !== undefined && outwards(culprit, samples)[1]?.file.startsWith('node:internal/modules/') === true;
  if (!isLoader && call !== 'require' && call !== 'Module.require') return undefined;
  return compose('none', `${subject(culprit)} ${isLoader ? 'is the top level of a module that was loaded' : 'loads a module'} late.`, 'Import it where the process starts, before the first request.');
}

function adviseWriting({ kind, call = '', culprit }: Seen): Advice | undefined {
  if (kind !== 'blocking-io' || !/^console\.|Writable\.write$/.test(call)) return undefined;
  return compose('use-async-api', `${subject(culprit)} writes to a terminal, file or pipe that does not keep up.`, 'Write less, or through a logger that has a thread of its own.');
}

function adviseWait({ culprit, confidence, samples }: Seen): Advice {
  if (culprit === undefined) {
    return compose('use-async-api', `The event loop waited rather than computed. ${noFunction(confidence)}`, 'Look for a function whose name ends in Sync, and use its asynchronous form.');
  }
  const { package: name } = culprit;
  const cure = name === undefined ? 'the asynchronous form of what it calls there' : `an asynchronous function of ${clip(name)} in ${callerOf(culprit, samples)}`;
  return compose('use-async-api', `${subject(culprit)} waits rather than computes, and a worker would only move the wait. Use ${cure}.`, confidence === 'at-return' && AT_RETURN);
}

function adviseOffload(stall: Seen, reason?: string): Advice {
  const target = [stall.boundary, stall.culprit].find((frame) => frame !== undefined && isUsers(frame));
  if (target === undefined) return compose('offload', reason, noFunction(stall.confidence), 'Run with the inspector to learn which function to offload.');
  return compose('offload', reason, offloadLine(target, stall.samples), ...hints(stall, target));
}

/** Names the function that can be moved to a worker, which need not be the frame that blocks. */
function offloadLine(target: Frame, samples: Seen['samples']): string {
  if (target.package !== undefined) return wrapperLine(target, target.package, samples);
  const caller = outwards(target, samples)[1];
  if (target.function === MODULE || isEvaluated(target) || (caller !== undefined && isFramework(caller))) {
    return `Move what ${namedPlace(target)} computes into a function that takes plain data, and run that on a worker: ${declaration('compute')}`;
  }
  const name = identifier(target.function);
  return name === undefined ? `Name ${namedPlace(target)}, and run it on a worker: ${declaration('work')}` : `Run ${namedPlace(target)} on a worker: ${declaration(name)}`;
}

/** Whether the caller is a framework: it passes requests, responses and sockets, which cannot be cloned. */
function isFramework({ file, package: name }: Frame): boolean {
  return name !== undefined || /^node:(_http|http|net|events)/.test(file);
}

function wrapperLine(target: Frame, dependency: string, samples: Seen['samples']): string {
  const stack = outwards(target, samples).filter(isUsers);
  const entry = stack[stack.findIndex((frame) => frame.package === undefined) - 1] ?? target;
  const line = declaration(identifier(entry.function) ?? 'work', 'return …;');
  return `${subject(target)} is part of ${clip(dependency)}: put the call that ${callerOf(target, samples)} makes into a function of your own, and run that on a worker: ${line}`;
}

/** The application's frame that called into the dependency. */
function callerOf(frame: Frame, samples: Seen['samples']): string {
  const caller = frame.calledFrom ?? outwards(frame, samples).find((other) => isUsers(other) && other.package === undefined);
  return caller === undefined ? 'your code' : namedPlace(caller);
}

/** The frame and those that called it, in the latest sample that has it. */
function outwards(frame: Frame, samples: Seen['samples']): Frame[] {
  const isIt = (other: Frame): boolean => other.function === frame.function && other.file === frame.file;
  const stack = samples.findLast((sample) => sample.some(isIt)) ?? [];
  return stack.slice(stack.findIndex(isIt)).filter((other) => other.isAsync !== true);
}

function hints({ call = '', confidence, samples }: Seen, target: Frame): (string | false)[] {
  return [
    confidence === 'at-return' && AT_RETURN,
    /^(JSON\.(parse|stringify)|structuredClone)$/.test(call) && 'Copying a large result back blocks, too: move the work around it along, or stream.',
    /^RegExp\.|^String\.(match|matchAll|replace|replaceAll|search|split)$/.test(call) && 'The pattern may be backtracking: check it, too.',
    target.package === undefined && isMethod(target.function) && 'Pass in what it uses of `this`.',
    confidence === 'live' && call === '' && loopHint(target, samples),
  ];
}

/** Advice for a function that may be called in a loop: looks cannot tell one long call from many short ones. */
function loopHint(target: Frame, samples: Seen['samples']): string | false {
  const caller = outwards(target, samples)[1];
  const isOwn = caller !== undefined && isUsers(caller) && caller.package === undefined && target.package === undefined;
  return isOwn && caller.function !== target.function && caller.function !== MODULE && `If ${namedPlace(caller)} calls it in a loop, move that instead.`;
}

const AT_RETURN = 'Caught at the return of a call that this function made, or a function it called.';

function noFunction(confidence: Stall['confidence']): string {
  if (confidence !== 'none') return 'No function of the application was on the stack.';
  return 'No stack could be had: the call has not returned yet, or the inspector is missing (`--permission`, a build without it).';
}
