import { describe } from '../validation/describe.ts';
import { OptionError } from '../errors.ts';
import { checkOptions, rules } from '../validation/options.ts';
import { setOwn } from '../node/own-properties.ts';
import { enterStores } from './call-stores.ts';
import { readCarrier, type Carrier, type CarrierParts } from './carrier-reader.ts';
import { encodeStore } from './encoding/codec.ts';
import { currentDeadline, enterDeadline } from './deadline.ts';
import { inCleanRoot } from './root.ts';
import { carrierName, copyHint } from './stores/names.ts';
import { selectStores } from './stores/selection.ts';
import type { Carried } from './stores/store-record.ts';

/**
 * Encodes the carried stores that are set right now, synchronously. A store that nobody entered is absent from the carrier.
 * @param options `only`: these stores instead of all that were declared with `carry()`.
 * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE)
 */
export function capture(options: { only?: readonly Carried<unknown>[] } = {}): Carrier {
  const { only } = checkOptions<typeof options>('capture()', options, { only: rules.list });
  const stores: Record<string, string> = {};
  let packages: Record<string, string> | undefined;
  for (const record of selectStores('capture()', only)) {
    const encoded = encodeStore(record);
    if (encoded === undefined) continue;
    setOwn(stores, carrierName(record), encoded.text);
    const hint = copyHint(record);
    if (hint !== undefined) setOwn((packages ??= {}), record.name, hint);
  }
  const deadline = currentDeadline();
  return { version: 1, stores, ...(packages !== undefined && { packages }), ...(deadline !== undefined && { deadline }) };
}

const nothing: CarrierParts = { wire: [], deadline: undefined };

/**
 * Runs `fn` from a clean root with exactly the stores of the carrier: a store that the carrier does not hold is absent, whatever
 * the caller has set. `undefined` stands for a carrier without stores.
 * @returns what `fn` returns; the caller's own context is untouched afterwards.
 * @throws ContextError (OFFLOOP_CONTEXT), ContextTooLargeError (OFFLOOP_CONTEXT_TOO_LARGE), before `fn` runs
 */
export function restore<R>(carrier: Carrier | undefined, fn: () => R): R {
  if (typeof fn !== 'function') throw new OptionError(`restore(): expected a function to run, got ${describe(fn)}.`);
  const { wire, deadline } = carrier === undefined ? nothing : readCarrier(carrier);
  return inCleanRoot(() => {
    const within = enterStores(wire);
    const run = deadline === undefined ? fn : () => enterDeadline(deadline, fn);
    return within === undefined ? run() : within(run);
  });
}
