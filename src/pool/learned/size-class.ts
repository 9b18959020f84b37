import type { Size } from '../../wire/size.ts';

/** Added to the class of arguments that have more values than are visited: their size tells only the values and the lengths of lists met so far. */
const LARGE = 32;

/** The class of a size: powers of two. */
export function sizeClass(size: number): number {
  return 32 - Math.clz32(Math.min(size, 2 ** 31 - 1));
}

export function sizeClassOf({ size, isPartial }: Size): number {
  return isPartial ? LARGE + sizeClass(size) : sizeClass(size);
}
