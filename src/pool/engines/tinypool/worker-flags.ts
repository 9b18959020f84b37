import { fileURLToPath } from 'node:url';
import type { ResourceLimits } from 'node:worker_threads';

import type { WorkerOptions } from '../engine.ts';
import { isWaitInherited, refuseWaiting, withoutInheritedInspector, withoutInspector, withoutWaiting } from './inspector-flags.ts';
import { hasAbortPipe, spawning } from './spawning.ts';

export type TinypoolRuntime = 'worker_threads' | 'child_process';

/** The part of tinypool's options that decides how a worker is started. */
export interface WorkerFlags {
  execArgv?: string[];
  env?: Record<string, string>;
  resourceLimits?: ResourceLimits;
  serialization?: 'advanced';
}

/** @throws the error of `create` when the worker cannot be started with these options */
export function startWith<T>(create: (flags: WorkerFlags) => T, runtime: TinypoolRuntime, options: WorkerOptions): T {
  refuseWaiting(options);
  return runtime === 'child_process' ? spawning(() => create(processFlags(options)), hasAbortPipe) : startThreadWith(create, options);
}

/** With this condition `offloop` is in-worker.ts, which loads the pool only when needed, by `require()` of a module. */
const condition = process.features.require_module ? ['--conditions', 'offloop-worker'] : [];

const preload = [...condition, '--require', fileURLToPath(new URL('./preload.cjs', import.meta.url))];

/** Flags that hold for the whole process, so that a thread cannot be given them. */
const processWide = new Set<string>();

/**
 * A thread inherits this process's flags only where it is given none, and it is given `preload`. So the flags are passed on, except
 * those that hold for the whole process (`--max-old-space-size`): Node refuses them in a thread, where they would change nothing.
 */
function startThreadWith<T>(create: (flags: WorkerFlags) => T, options: WorkerOptions): T {
  const flags = (execArgv: readonly string[] | undefined): WorkerFlags => defined({ ...options, execArgv });
  const inherited = ownFlags().filter((flag) => !processWide.has(flag));
  const base = withoutWaiting(options.execArgv === undefined ? inherited : [...loaderFlags(), ...options.execArgv]);
  try {
    return create(flags([...base, ...preload]));
  } catch (error) {
    const refused = refusedFlags(error);
    if (refused.length === 0) throw error;
    if (options.execArgv !== undefined || refused.every((flag) => processWide.has(flag))) return create(flags(options.execArgv && base));
    for (const flag of refused) processWide.add(flag);
    return startThreadWith(create, options);
  }
}

/** "Initiated Worker with invalid execArgv flags: --expose-gc, --max-old-space-size=64" */
function refusedFlags(error: unknown): string[] {
  const { code, message } = error as { code?: unknown; message: string };
  return code === 'ERR_WORKER_INVALID_EXEC_ARGV' ? message.slice(message.indexOf(': ') + 2).split(', ') : [];
}

/** A process inherits no flags by itself, and tinypool gives it no environment either. */
function processFlags({ number, resourceLimits, execArgv, env }: WorkerOptions): WorkerFlags {
  const heap = resourceLimits?.maxOldGenerationSizeMb;
  const own = execArgv === undefined ? withoutInspector(ownFlags()) : [...loaderFlags(), ...withoutWaiting(execArgv)];
  return {
    execArgv: [...own, ...(heap === undefined ? [] : [`--max-old-space-size=${heap}`]), ...preload],
    // A thread gets the variable by preload.cjs, so that it inherits this process's environment as Node hands it on.
    env: { ...merged(env), OFFLOOP_WORKER: String(number) },
    serialization: 'advanced',
  };
}

/**
 * This process's flags without those that name the code to run: a worker that was given `--eval` would run that code, and start
 * workers itself.
 */
function ownFlags(): string[] {
  const script = /^(-e|--eval|-p|--print|-pe|--input-type)(=|$)/;
  const takesNext = (flag: string | undefined): boolean => flag !== undefined && script.test(flag) && !flag.includes('=');
  return process.execArgv.filter((flag, i, all) => !script.test(flag) && !takesNext(all[i - 1]));
}

/** The flags by which this process loads its modules. Workers need them even if the user's `execArgv` does not have them. */
function loaderFlags(): string[] {
  const isLoader = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--experimental-strip-types|--experimental-transform-types|--preserve-symlinks)(=|$)/;
  return process.execArgv.flatMap((flag, i, all) => {
    if (!isLoader.test(flag)) return [];
    const next = all[i + 1];
    return flag.includes('=') || next === undefined || next.startsWith('-') ? [flag] : [flag, next];
  });
}

function merged(env: WorkerOptions['env']): Record<string, string> {
  return withoutInheritedInspector({ ...process.env, ...env } as Record<string, string>);
}

/** tinypool does not treat an option that is undefined as absent. */
function defined({ execArgv, env, resourceLimits }: Pick<WorkerOptions, 'env' | 'resourceLimits'> & { execArgv: readonly string[] | undefined }): WorkerFlags {
  return {
    ...(execArgv && { execArgv: [...execArgv] }),
    ...((env !== undefined || isWaitInherited()) && { env: merged(env) }),
    ...(resourceLimits && { resourceLimits: { ...resourceLimits } }),
  };
}
