import { AsyncResource } from 'node:async_hooks';

import type { CallStores } from '../context/call-stores.ts';
import type { RunOptions } from '../task/options.ts';
import type { KeyReader } from './queue/call-key.ts';

/** Gives the key of a call, in whatever context it is called. */
export type KeyOf = (args: readonly unknown[]) => string | undefined;

/**
 * Reads the key of one call, in the caller's context.
 * @throws OptionError (OFFLOOP_OPTION) where the key cannot be read, or is no text
 */
export function keyOf(reader: KeyReader, name: string, args: readonly unknown[], { context }: RunOptions, carried: CallStores | undefined): string | undefined {
  return reader.read({ name, args, carried, inherits: context === undefined || context === 'inherit' });
}

/**
 * The same for the calls of a map, which are made later: a store's key is read now, and a function is called for each call, in the
 * context of now.
 * @throws OptionError (OFFLOOP_OPTION) where the key cannot be read, or is no text
 */
export function keyOfCalls(reader: KeyReader, name: string, options: RunOptions, carried: CallStores | undefined): KeyOf {
  if (!reader.isOfContext) return AsyncResource.bind((args: readonly unknown[]) => keyOf(reader, name, args, options, carried));
  const key = keyOf(reader, name, [], options, carried);
  return () => key;
}
