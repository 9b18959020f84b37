import { JSON, Map, Number, Object, String } from '../../node/intrinsics.ts';

/** The key that marks a value that JSON has no form for: `{ "$offloop": "bigint", "value": "1" }`. A user's object may not have this key. */
export const TAG = '$offloop';

export function tagged(type: string, value = 'null'): string {
  return `{"${TAG}":"${type}","value":${value}}`;
}

export type Primitive = string | boolean | number | undefined | bigint | null;

export function isPrimitive(value: unknown): value is Primitive {
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');
}

export function writePrimitive(value: Primitive): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : tagged('number', quoted(Object.is(value, -0) ? '-0' : String(value)));
    case 'undefined':
      return tagged('undefined');
    case 'bigint':
      return tagged('bigint', quoted(String(value)));
    default:
      return 'null';
  }
}

/** The longest text that is searched for escapes here; JSON.stringify() is faster for a longer one. */
const SHORT = 100;

/**
 * Most texts are short and need no escape. No regular expression looks for escapes: the watchdog shows stores in the middle of
 * another regular expression, and Node 20 and 22 crash when two run on top of each other.
 */
function quoted(text: string): string {
  if (text.length > SHORT) return JSON.stringify(text);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return JSON.stringify(text);
  }
  return `"${text}"`;
}

const [SPACE, QUOTE, BACKSLASH, TILDE] = [0x20, 0x22, 0x5C, 0x7E] as const;

/** Keys in quotes, with their colon: stores have few keys, and the same ones each time. */
const keys = new Map<string, string>();
const MAX_KEYS = 1000;

export function quotedKey(key: string): string {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const text = `${quoted(key)}:`;
  if (keys.size < MAX_KEYS) keys.set(key, text);
  return text;
}
