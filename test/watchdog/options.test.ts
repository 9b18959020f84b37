import { startWatchdog, type WatchdogOptions } from 'offloop/watchdog';
import { describe, expect, it } from 'vitest';

import { normalizeWatchdogOptions } from '../../src/watchdog/options.ts';

const all = '`threshold`, `onStall`, `log`, `page`, `abortAfter`, `sampling`, `ignore`';

describe('startWatchdog() refuses', () => {
  it.each<[string, unknown, string]>([
    ['a threshold that is text', { threshold: '100' }, "startWatchdog(): expected `threshold` to be a number of milliseconds, 10 to 3,600,000, got `'100'` (string)."],
    ['a threshold below what can be seen', { threshold: 9 }, 'startWatchdog(): expected `threshold` to be a number of milliseconds, 10 to 3,600,000, got `9` (number).'],
    ['a threshold that is not a number', { threshold: NaN }, 'startWatchdog(): expected `threshold` to be a number of milliseconds, 10 to 3,600,000, got `NaN` (number).'],
    ['a misspelt option', { treshold: 100 }, `startWatchdog(): there is no option \`treshold\`. The options are ${all}.`],
    ['a page that is text', { page: 'yes' }, "startWatchdog(): expected `page` to be a boolean or { port, host }, got `'yes'` (string)."],
    ['a page that is a port', { page: 8080 }, 'startWatchdog(): expected `page` to be a boolean or { port, host }, got `8080` (number).'],
    ['a port that is text', { page: { port: '8080' } }, "startWatchdog(): `page`: expected `port` to be a port, 0 to 65535, got `'8080'` (string)."],
    ['a port that there is not', { page: { port: 65_536 } }, 'startWatchdog(): `page`: expected `port` to be a port, 0 to 65535, got `65536` (number).'],
    ['an empty host', { page: { host: '' } }, "startWatchdog(): `page`: expected `host` to be a non-empty string, got `''` (string)."],
    ['a misspelt option of the page', { page: { hostname: 'x' } }, 'startWatchdog(): `page`: there is no option `hostname`. The options are `port`, `host`.'],
    ['a log that is true', { log: true }, "startWatchdog(): expected `log` to be 'stderr', 'json' or false, got `true` (boolean)."],
    ['an onStall that is no function', { onStall: 'log' }, "startWatchdog(): expected `onStall` to be a function, got `'log'` (string)."],
    ['an ignore that is a pattern', { ignore: /render/ }, 'startWatchdog(): expected `ignore` to be a function, got `/render/` (RegExp).'],
    ['an abortAfter that is no time', { abortAfter: 0 }, 'startWatchdog(): expected `abortAfter` to be a positive number of milliseconds, got `0` (number).'],
    ['a sampling that is a number', { sampling: 1 }, 'startWatchdog(): expected `sampling` to be a boolean, got `1` (number).'],
    ['a threshold alone', 100, 'startWatchdog(): expected the options to be an object, got `100` (number).'],
    ['null', null, 'startWatchdog(): expected the options to be an object, got `null`.'],
  ])('%s', (_what, options, message) => {
    expect(() => startWatchdog(options as WatchdogOptions)).toThrow(expect.objectContaining({ code: 'OFFLOOP_OPTION', name: 'OptionError', message }));
  });
});

describe('the options', () => {
  const defaults = { threshold: 100, onStall: undefined, log: 'stderr', page: undefined, abortAfter: undefined, sampling: true, ignore: undefined };

  it.each<[WatchdogOptions, object]>([
    [{}, {}],
    [{ log: false, page: false }, { log: false }],
    [{ page: true }, { page: { port: 7117, host: '127.0.0.1' } }],
    [{ page: {} }, { page: { port: 7117, host: '127.0.0.1' } }],
    [{ page: { port: 0, host: '::' } }, { page: { port: 0, host: '::' } }],
  ])('%o have their defaults', (options, expected) => {
    expect(normalizeWatchdogOptions(options)).toEqual({ ...defaults, ...expected });
  });

  it('may be given as undefined', () => {
    const none = { threshold: undefined, page: undefined, log: undefined } as unknown as WatchdogOptions;
    expect(normalizeWatchdogOptions(none)).toEqual(defaults);
  });

  it('are not changed', () => {
    const options = Object.freeze({ page: Object.freeze({ port: 0 }) });
    normalizeWatchdogOptions(options);
    expect(options).toEqual({ page: { port: 0 } });
  });
});
