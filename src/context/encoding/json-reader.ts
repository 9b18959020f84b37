import { Array, JSON, Map, Number, Object, Set } from '../../node/intrinsics.ts';
import { setOwn } from '../../node/own-properties.ts';
import { TAG } from './json-primitives.ts';

/** Any JSON value; a carrier holds nothing else. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Reads what `writeJson` wrote. Text without a tag, the usual case, costs one JSON.parse. */
export function readJson(text: string): unknown {
  const json = JSON.parse(text) as Json;
  return text.includes(TAG) ? fromJson(json) : json;
}

function fromJson(json: Json): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(fromJson);
  const record = json as Readonly<Record<string, Json>>;
  return Object.hasOwn(record, TAG) ? fromTagged(record[TAG] as string, record.value ?? null) : fill({}, record);
}

function fromTagged(type: string, value: Json): unknown {
  switch (type) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(value);
    case 'bigint':
      return BigInt(value as string);
    case 'date':
      return new Date(fromJson(value) as number);
    case 'map':
      return new Map(fromJson(value) as [unknown, unknown][]);
    case 'set':
      return new Set(fromJson(value) as unknown[]);
    case 'null-prototype':
      return fill(Object.create(null) as Record<string, unknown>, value as Readonly<Record<string, Json>>);
    default:
      throw new SyntaxError(`there is no plain value of the type "${type}"`);
  }
}

function fill(target: Record<string, unknown>, source: Readonly<Record<string, Json>>): Record<string, unknown> {
  for (const [key, value] of Object.entries(source)) setOwn(target, key, fromJson(value));
  return target;
}
