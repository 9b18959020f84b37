import { describe, expect, it, onTestFinished } from 'vitest';

import { checkOptions, rules } from '../../src/validation/options.ts';
import { normalizeWatchdogOptions } from '../../src/watchdog/options.ts';
import { runNode, script } from '../pool/helpers.ts';

/** Pollutes the prototype until the test ends. */
function pollute(key: string, value: unknown): void {
  Object.defineProperty(Object.prototype, key, { value, writable: true, enumerable: true, configurable: true });
  onTestFinished(() => void Reflect.deleteProperty(Object.prototype, key));
}

describe('keys of a polluted Object.prototype', () => {
  // polluted-prototype.slow.test.ts tries all values on each runtime.
  it.each([['threads', 'text,function'], ['processes', 'function'], ['inline', 'number']])('change no result of a round through the API on %s, with values such as %s', async (runtime, kinds) => {
    const { code, stdout, stderr } = await runNode([script('pollutes.js'), runtime, kinds]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { clean, ...polluted } = JSON.parse(stdout) as Record<string, string[]>;
    expect(clean).toContain('run: 3');
    expect(Object.keys(polluted)).toEqual(kinds.split(','));
    for (const [kind, found] of Object.entries(polluted)) expect({ kind, found }).toEqual({ kind, found: clean });
  });

  it('are not read as options of the watchdog or of any other checked function', () => {
    pollute('port', 1);
    pollute('host', '0.0.0.0');
    pollute('log', false);
    expect(normalizeWatchdogOptions({ page: true })).toMatchObject({ log: 'stderr', page: { port: 7117, host: '127.0.0.1' } });
    const checked = checkOptions<{ port?: number }>('test()', {}, { port: rules.finite });
    expect([checked.port, 'host' in checked, 'toString' in checked]).toEqual([undefined, false, false]);
  });
});
