import { process } from './intrinsics.ts';

/** A process warning, by whose code those who listen know it. */
export function warn(code: string, message: string): void {
  process.emitWarning(message, { __proto__: null, code, type: 'OffloopWarning' } as NodeJS.EmitWarningOptions);
}

/** Hints at what is probably a mistake are for those who write the program. */
export function isDevelopment(): boolean {
  return process.env.NODE_ENV !== 'production';
}
