import type { AsyncLocalStorage } from 'node:async_hooks';

import type { StandardSchemaV1 } from '@standard-schema/spec';

import type { ModuleRef } from '../module-ref.ts';

/** A store declared with `carry()`. */
export interface Carried<T> {
  readonly name: string;
  /** The `file:` URL of the declaring module: a worker loads it before the first task that brings this store. */
  readonly module: string;
  readonly store: AsyncLocalStorage<T>;
  readonly sensitive: boolean;
}

/** A declared store with its options; users see the `Carried` part of the record. */
export interface StoreRecord extends Carried<unknown> {
  readonly ref: ModuleRef;
  readonly pick: readonly PropertyKey[] | undefined;
  readonly encode: ((value: unknown) => unknown) | undefined;
  readonly decode: ((wire: unknown) => unknown) | undefined;
  readonly schema: StandardSchemaV1 | undefined;
  readonly maxBytes: number;
  /** True for a store that another library keeps, such as OpenTelemetry's: its value can be set for a callback, but not for the rest of a scope. */
  readonly isRunOnly: true | undefined;
  /** The value of `getStore()` when nobody entered the store: undefined, or its `defaultValue` (Node 24 and up). */
  readonly whenAbsent: unknown;
}
