import type { Path } from './places.ts';

/** Turns the Uint8Arrays at these places back into Buffers, over the same memory. */
export function reviveBuffers(value: unknown, buffers: readonly Path[] | undefined): unknown {
  if (buffers === undefined) return value;
  const outer = { value };
  // One Buffer for each array, so that what was the same in two places is so again.
  const revived = new Map<unknown, Buffer>();
  for (const path of buffers) reviveAt(outer, ['value', ...path], revived);
  return outer.value;
}

function reviveAt(outer: object, path: Path, revived: Map<unknown, Buffer>): void {
  let holder: unknown = outer;
  for (const step of path.slice(0, -1)) holder = stepInto(holder, step);
  const last = path.at(-1)!;
  const bytes = stepInto(holder, last);
  if (!(bytes instanceof Uint8Array)) return;
  const buffer = revived.get(bytes) ?? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  revived.set(bytes, buffer).set(buffer, buffer);
  put(holder, last, buffer);
}

function stepInto(holder: unknown, step: string | number): unknown {
  if (holder instanceof Map) return [...holder.values()][Number(step)];
  if (holder instanceof Set) return [...holder][Number(step)];
  return (holder as Record<string | number, unknown>)[step];
}

function put(holder: unknown, step: string | number, buffer: Buffer): void {
  if (holder instanceof Map) holder.set([...holder.keys()][Number(step)], buffer);
  else if (holder instanceof Set) replaceAll(holder, [...holder].with(Number(step), buffer));
  else (holder as Record<string | number, unknown>)[step] = buffer;
}

function replaceAll(set: Set<unknown>, items: readonly unknown[]): void {
  set.clear();
  for (const item of items) set.add(item);
}
