import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseCommand, UsageError, type RunCommand } from '../../src/cli/arguments.ts';

const parsed = (args: string, env: NodeJS.ProcessEnv = {}): RunCommand => parseCommand(['run', ...args.split(' ')], env) as RunCommand;

describe('the command', () => {
  it.each([
    ['app.js', ['app.js']],
    ['app.js --page 1 -x -- y', ['app.js', '--page', '1', '-x', '--', 'y']],
    ['--log json app.js --help', ['app.js', '--help']],
    ['--page app.js', ['app.js']],
    ['--page 8080 app.js', ['app.js']],
    ['--page=8080 8081', ['8081']],
    ['--page 8080 8081', ['8081']],
    ['--page -- 8080', ['8080']],
    ['-- --expose-gc app.js -x', ['--expose-gc', 'app.js', '-x']],
    ['--threshold=50 -- app.js', ['app.js']],
  ])('begins where the options end: %s', (args, command) => {
    expect(parsed(args).command).toEqual(command);
  });
});

describe('the options', () => {
  it.each([
    ['--threshold 50 app.js', { OFFLOOP_THRESHOLD: '50' }],
    ['--threshold=12.5 app.js', { OFFLOOP_THRESHOLD: '12.5' }],
    ['--log off app.js', { OFFLOOP_LOG: 'off' }],
    ['--abort-after 500 app.js', { OFFLOOP_ABORT_AFTER: '500' }],
    ['--page app.js', { OFFLOOP_PAGE: 'true' }],
    ['--page 1 app.js', { OFFLOOP_PAGE: '127.0.0.1:1' }],
    ['--page=0 app.js', { OFFLOOP_PAGE: '127.0.0.1:0' }],
    ['--page=0.0.0.0:80 app.js', { OFFLOOP_PAGE: '0.0.0.0:80' }],
    ['--page=[::1]:80 app.js', { OFFLOOP_PAGE: '[::1]:80' }],
    ['app.js --threshold 50', {}],
  ])('reach the program as variables: %s', (args, env) => {
    expect(parsed(args).env).toEqual(env);
  });

  it('override the environment, and a later option overrides an earlier one', () => {
    const env = { OFFLOOP_THRESHOLD: '70', OFFLOOP_LOG: 'off', OTHER: 'stays' };
    expect(parsed('--threshold 50 --threshold 60 app.js', env).env).toEqual({ ...env, OFFLOOP_THRESHOLD: '60' });
    expect(env.OFFLOOP_THRESHOLD).toBe('70');
  });

  it('have the report written outside of the program', () => {
    expect(parsed('--report a.html app.js', { OFFLOOP_REPORT: 'b.json' })).toMatchObject({ report: resolve('a.html'), env: {} });
    expect(parsed('app.js', { OFFLOOP_REPORT: 'b.json' })).toMatchObject({ report: resolve('b.json'), env: {} });
    expect(parsed('app.js', { OFFLOOP_REPORT: '' }).report).toBeUndefined();
  });

  it('write JSON at the end where JSON was asked for', () => {
    expect(parsed('--log json app.js').log).toBe('json');
    expect(parsed('app.js', { OFFLOOP_LOG: 'json' }).log).toBe('json');
    expect(parsed('--log off app.js', { OFFLOOP_LOG: 'json' }).log).toBe('stderr');
  });

  it('lower the threshold to --fail-over, below which the watchdog would see nothing', () => {
    expect(parsed('--fail-over 40 app.js')).toMatchObject({ failOver: 40, env: { OFFLOOP_THRESHOLD: '40' } });
    expect(parsed('--fail-over 40 app.js', { OFFLOOP_THRESHOLD: '60' }).env).toEqual({ OFFLOOP_THRESHOLD: '40' });
    expect(parsed('--fail-over 400 app.js')).toMatchObject({ failOver: 400, env: {} });
    expect(parsed('--fail-over 60 --threshold 60 app.js')).toMatchObject({ failOver: 60, env: { OFFLOOP_THRESHOLD: '60' } });
  });
});

describe('a mistake is reported', () => {
  it.each([
    ['', 'no command was given'],
    ['app.js', 'there is no command "app.js"; to run a program: offloop run app.js'],
    ['--page app.js', 'there is no command "--page"'],
    ['run', 'no program was given'],
    ['run --threshold 50', 'no program was given'],
    ['run --page 8080', 'no program was given'],
    ['run --', 'no program was given'],
    ['run --treshold 50 app.js', 'there is no option --treshold; put flags for node after --: offloop run -- --treshold app.js'],
    ['run -x app.js', 'there is no option -x; put flags for node after --: offloop run -- -x app.js'],
    ['run --constructor app.js', 'there is no option --constructor; put flags for node after --: offloop run -- --constructor app.js'],
    ['run --threshold fast app.js', '--threshold: expected a number of milliseconds, 10 to 3,600,000, got "fast"'],
    ['run --threshold 9 app.js', '--threshold: expected a number of milliseconds, 10 to 3,600,000, got "9"'],
    ['run --threshold --log off app.js', '--threshold: expected a number of milliseconds, 10 to 3,600,000, got "--log"'],
    ['run --threshold', 'no program was given'],
    ['run --log=loud app.js', '--log: expected stderr, json or off, got "loud"'],
    ['run --log=constructor app.js', '--log: expected stderr, json or off, got "constructor"'],
    ['run --page=65536 app.js', '--page: expected true, a port, or host:port, got "65536"'],
    ['run --page=a:b app.js', '--page: expected true, a port, or host:port, got "a:b"'],
    ['run --report report.txt app.js', '--report: expected a path that ends in .html or .json, got "report.txt"'],
    ['run --fail-over 0 app.js', '--fail-over: expected a number of milliseconds, at least 10, got "0"'],
    ['run --fail-over 50 --threshold 100 app.js', '--fail-over 50 is below --threshold 100: the watchdog does not see stalls that are shorter than the threshold'],
    ['run --abort-after -1 app.js', '--abort-after: expected a positive number of milliseconds, got "-1"'],
  ])('%s', (args, message) => {
    expect(() => parseCommand(args === '' ? [] : args.split(' '), {})).toThrow(new UsageError(message));
  });

  it('in OFFLOOP_REPORT, too, since offloop run writes the report', () => {
    const message = 'OFFLOOP_REPORT: expected a path that ends in .html or .json, got "report"';
    expect(() => parsed('app.js', { OFFLOOP_REPORT: 'report' })).toThrow(new UsageError(message));
  });
});

it('help and version are for whoever asks first', () => {
  expect(['--help', '-h', 'help'].map((name) => parseCommand([name], {}).type)).toEqual(['overview', 'overview', 'overview']);
  expect(parseCommand(['--version'], {}).type).toBe('version');
  expect([['--help'], ['-h', 'app.js'], ['--page', '--help']].map((args) => parseCommand(['run', ...args], {}).type)).toEqual(['run help', 'run help', 'run help']);
});
