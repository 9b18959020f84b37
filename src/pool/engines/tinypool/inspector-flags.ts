import { OptionError } from '../../../errors.ts';
import type { WorkerOptions } from '../engine.ts';

/*
 * Node's inspector flags are for the process that was started with them. Its workers would wait for a debugger that nobody
 * attaches (`--inspect-brk`, `--inspect-wait`), or want the port that this process has taken.
 */

const inspects = /^--(?:inspect|debug-port)(?:$|[-=])/;
const waits = /^--inspect-(?:brk|wait)(?:$|[-=])/;
const takesNext = /^--(?:inspect-port|debug-port|inspect-publish-uid)$/;

export function withoutInspector(flags: readonly string[]): string[] {
  return flags.filter((flag, i) => !inspects.test(flag) && !(i > 0 && takesNext.test(flags[i - 1]!)));
}

/** A thread may have the others: it is a part of the process that they are for. */
export function withoutWaiting(flags: readonly string[]): string[] {
  return flags.filter((flag) => !waits.test(flag));
}

/** NODE_OPTIONS for a worker, without the inspector's flags where it has those of this process. */
export function calmed(env: Readonly<Record<string, string>>): Record<string, string> {
  const { NODE_OPTIONS: options } = env;
  if (options === undefined || options !== process.env.NODE_OPTIONS) return { ...env };
  const words = wordsOf(options);
  return words.some((word) => inspects.test(word)) ? { ...env, NODE_OPTIONS: withoutInspector(words).join(' ') } : { ...env };
}

/** Whether a thread would wait that only inherits this process's environment. */
export function isToBeCalmed(): boolean {
  return wordsOf(process.env.NODE_OPTIONS ?? '').some((word) => waits.test(word));
}

/** @throws OptionError where a pool's option asks for workers that wait; one copied from this process does not ask */
export function refuseWaiting({ execArgv = [], env }: Pick<WorkerOptions, 'execArgv' | 'env'>): void {
  const { NODE_OPTIONS: inherited } = process.env;
  const ofEnv = env?.NODE_OPTIONS === inherited ? [] : wordsOf(env?.NODE_OPTIONS ?? '');
  const flag = execArgv.find((word) => waits.test(word) && !process.execArgv.includes(word));
  if (flag !== undefined) throw waitsError('execArgv', flag);
  const word = ofEnv.find((one) => waits.test(one));
  if (word !== undefined) throw waitsError('env.NODE_OPTIONS', word);
}

function waitsError(option: string, flag: string): OptionError {
  return new OptionError(
    `The pool could not start a worker: the option \`${option}\` has \`${flag}\`, with which each worker would wait for a debugger before its first task. ` +
      'To debug tasks in threads, start the process itself with `--inspect`; to debug them in processes, give them `--inspect=0` and a `debugger` statement.',
  );
}

/** Node's own rule: blanks part words, double quotes keep blanks. Quotes are left where they are. */
function wordsOf(options: string): string[] {
  return options.match(/(?:[^\s"]|"(?:\\.|[^"\\])*")+/g) ?? [];
}
