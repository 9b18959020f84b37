import { SHARED_KEY } from '../../shared/shared.ts';

/** The name under which `shared()` keeps the probes of the watched thread, by the id of their watchdog. */
export const PROBES = 'watchdog probes';

/** The expression that calls a method of a probe, for the inspector to evaluate on the watched thread. Undefined once the probe has stopped. */
export function probeExpression(id: number, call: string): string {
  return `globalThis[Symbol.for('${SHARED_KEY}')].get('${PROBES}').get(${id})?.${call}`;
}
