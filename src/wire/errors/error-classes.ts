import { Object, Error } from '../../node/intrinsics.ts';
import { assert } from '../../node/builtins.ts';
import { errorClasses } from '../../errors.ts';
import type { ErrorClass, ErrorClasses, ErrorRepair } from './error-repairs.ts';
import { hasErrorPrototype, nameOf, quietly } from './is-error.ts';

const builtIn: Readonly<Record<string, ErrorClass>> = {
  ...{ Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError },
  ...errorClasses,
  ...newerClasses(),
};

/** WebAssembly is missing with `--jitless`, SuppressedError before Node 24. */
function newerClasses(): Record<string, ErrorClass> {
  const { WebAssembly: { CompileError, LinkError, RuntimeError } = {}, SuppressedError } = globalThis as {
    readonly WebAssembly?: Record<string, ErrorClass>;
    readonly SuppressedError?: ErrorClass;
  };
  const classes = Object.entries({ CompileError, LinkError, RuntimeError, SuppressedError });
  return Object.fromEntries(classes.filter((entry): entry is [string, ErrorClass] => entry[1] !== undefined));
}

/** The nearest class of an error that is known here. */
export function findClass(repair: ErrorRepair, { registered, exports }: ErrorClasses): ErrorClass {
  const exported = exportedClass(repair, exports);
  if (isErrorClass(exported)) return exported;
  for (const name of repair.classes) {
    const found = classNamed(name, registered);
    if (found !== undefined) return found;
  }
  return Error;
}

/** The class of a thrown object that is not an error; undefined where it is not known here. */
export function findOwnClass(repair: ErrorRepair, { registered, exports }: ErrorClasses): unknown {
  return exportedClass(repair, exports) ?? registered.find((known) => nameOf(known) === repair.classes[0]);
}

/** By the name under which the sender found it among the exports, or by its own name. */
function exportedClass({ exportedAs: key, classes: [name] }: ErrorRepair, exports: ErrorClasses['exports']): unknown {
  if (typeof key === 'string') return exports[key];
  if (key === undefined) return undefined;
  if (name === undefined || name === '' || Object.hasOwn(builtIn, name)) return undefined;
  return Object.keys(exports).map((exported) => quietly(() => exports[exported])).find((value) => typeof value === 'function' && nameOf(value) === name);
}

function classNamed(name: string, registered: readonly ErrorClass[]): ErrorClass | undefined {
  if (name === '') return undefined;
  const found = registered.find((known) => nameOf(known) === name && isErrorClass(known));
  if (found !== undefined) return found;
  if (name === 'AssertionError') return assert().AssertionError;
  return Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
}

/** A class may only call itself an error (zod's ZodError): with its prototype the error would not be one any more. */
function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && quietly(() => hasErrorPrototype({ __proto__: value.prototype as object })) === true;
}

/** Whether the class of one of the errors can only be found among the exports of the task's module. */
export function needExports(errors: readonly ErrorRepair[] | undefined, registered: readonly ErrorClass[]): boolean {
  return errors?.some((error) => typeof error.exportedAs === 'string' || (error.exportedAs === null && isUnknown(error, registered))) === true;
}

function isUnknown({ classes: [name] }: ErrorRepair, registered: readonly ErrorClass[]): boolean {
  return name !== undefined && name !== 'DOMException' && classNamed(name, registered) === undefined;
}
