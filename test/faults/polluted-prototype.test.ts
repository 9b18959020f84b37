import { describe, expect, it, onTestFinished } from 'vitest';

import { checkOptions, rules } from '../../src/options.ts';
import { normalizeWatchdogOptions } from '../../src/watchdog/options.ts';
import { runNode, runtimes, script } from '../pool/helpers.ts';

/** For as long as the test runs. */
function pollute(key: string, value: unknown): void {
  Object.defineProperty(Object.prototype, key, { value, writable: true, enumerable: true, configurable: true });
  onTestFinished(() => void Reflect.deleteProperty(Object.prototype, key));
}

describe('keys of a polluted Object.prototype', () => {
  it.each(runtimes)('change nothing of a round through the API on %s, whatever their values', async (runtime) => {
    const { code, stdout, stderr } = await runNode([script('pollutes.js'), runtime, 'text,number,function']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { clean, ...polluted } = JSON.parse(stdout) as Record<string, string[]>;
    expect(clean).toContain('run: 3');
    expect(Object.keys(polluted)).toHaveLength(3);
    for (const [kind, found] of Object.entries(polluted)) expect({ kind, found }).toEqual({ kind, found: clean });
  });

  it('are no options of the watchdog, nor of anything else that is checked', () => {
    pollute('port', 1);
    pollute('host', '0.0.0.0');
    pollute('log', false);
    expect(normalizeWatchdogOptions({ page: true })).toMatchObject({ log: 'stderr', page: { port: 7117, host: '127.0.0.1' } });
    const checked = checkOptions<{ port?: number }>('test()', {}, { port: rules.finite });
    expect([checked.port, 'host' in checked, 'toString' in checked]).toEqual([undefined, false, false]);
  });
});
