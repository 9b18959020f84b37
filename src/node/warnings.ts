import { process, Set } from './intrinsics.ts';
import { shared } from '../shared/shared.ts';

/** A process warning; listeners of `process.on('warning')` tell warnings apart by the code. */
export function warn(code: string, message: string): void {
  process.emitWarning(message, { __proto__: null, code, type: 'OffloopWarning' } as NodeJS.EmitWarningOptions);
}

const warned = shared('warnings', () => new Set<string>());

/** A process warning, once for each code in this thread. See `warnViaPool` for code that runs in workers, too. */
export function warnOnce(code: string, message: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  warn(code, message);
}

/** Hints at probable mistakes are for developers, and not for production. */
export function isDevelopment(): boolean {
  return process.env.NODE_ENV !== 'production';
}
