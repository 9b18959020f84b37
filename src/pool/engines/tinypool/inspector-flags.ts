import { OptionError } from '../../../errors.ts';
import type { WorkerOptions } from '../engine.ts';

/*
 * Node's inspector flags are meant for the process that was started with them. With these flags a worker would wait for a debugger that
 * is never attached (`--inspect-brk`, `--inspect-wait`), or ask for the port that this process has taken.
 */

const inspects = /^--(?:inspect|debug-port)(?:$|[-=])/;
const waits = /^--inspect-(?:brk|wait)(?:$|[-=])/;
const takesNext = /^--(?:inspect-port|debug-port|inspect-publish-uid)$/;

export function withoutInspector(flags: readonly string[]): string[] {
  return flags.filter((flag, i) => !inspects.test(flag) && !(i > 0 && takesNext.test(flags[i - 1]!)));
}

/** The other inspector flags suit a thread, which is a part of the process that they are meant for. */
export function withoutWaiting(flags: readonly string[]): string[] {
  return flags.filter((flag) => !waits.test(flag));
}

/** A worker's environment. NODE_OPTIONS loses the inspector flags where it is inherited from this process. */
export function withoutInheritedInspector(env: Readonly<Record<string, string>>): Record<string, string> {
  const { NODE_OPTIONS: options } = env;
  if (options === undefined || options !== process.env.NODE_OPTIONS) return { ...env };
  const words = wordsOf(options);
  return words.some((word) => inspects.test(word)) ? { ...env, NODE_OPTIONS: withoutInspector(words).join(' ') } : { ...env };
}

/** Whether a thread that inherits this process's environment would wait for a debugger. */
export function isWaitInherited(): boolean {
  return wordsOf(process.env.NODE_OPTIONS ?? '').some((word) => waits.test(word));
}

/** @throws OptionError where a pool's option asks for workers that wait. A flag that was copied from this process does not count */
export function refuseWaiting({ execArgv = [], env }: Pick<WorkerOptions, 'execArgv' | 'env'>): void {
  const { NODE_OPTIONS: inherited } = process.env;
  const ofEnv = env?.NODE_OPTIONS === inherited ? [] : wordsOf(env?.NODE_OPTIONS ?? '');
  const flag = execArgv.find((word) => waits.test(word) && !process.execArgv.includes(word));
  if (flag !== undefined) throw waitsError('execArgv', flag);
  const inEnv = ofEnv.find((word) => waits.test(word));
  if (inEnv !== undefined) throw waitsError('env.NODE_OPTIONS', inEnv);
}

function waitsError(option: string, flag: string): OptionError {
  return new OptionError(
    `The pool could not start a worker: the option \`${option}\` contains \`${flag}\`, so each worker would wait for a debugger before its first task. ` +
      'To debug tasks in threads, start the process itself with `--inspect`; to debug them in processes, give them `--inspect=0` and a `debugger` statement.',
  );
}

/** As Node parses it: words are separated by blanks, except in double quotes. The quotes are kept. */
function wordsOf(options: string): string[] {
  return options.match(/(?:[^\s"]|"(?:\\.|[^"\\])*")+/g) ?? [];
}
