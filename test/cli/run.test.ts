import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import packageJson from '../../package.json' with { type: 'json' };
import type { ReportData } from '../../src/watchdog/types.ts';
import { fixture, namesIn, offloop, temporaryFolder } from './processes.ts';

const usage = 'usage: offloop run [options] app.js [arguments]';

describe('at the end', () => {
  it('the functions that blocked are ranked on stderr, with their requests, and the exit code is kept', async () => {
    const { code, stdout, stderr } = await offloop(['run', '--log', 'off', fixture('blocks.mjs')]).ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^\noffloop: \d+ stalls? blocked the event loop for .* of /);
    expect(stderr).toMatch(/ javascript +blockFor\n.*blocking\.js:\d+\n/);
    expect(stderr).toContain("e.g. request { requestId: 'r-17' }");
  });

  it('an exit code of the program is the exit code', async () => {
    expect(await offloop(['run', '--log', 'off', '--fail-over', '100', fixture('blocks.mjs'), '3']).ended).toMatchObject({ code: 3, signal: null });
  });

  it('a program that only loads modules was not watched, and the summary says so', async () => {
    const { code, stderr } = await offloop(['run', '--', '-e', 'process.exit(4)']).ended;
    expect({ code, stderr }).toEqual({ code: 4, stderr: 'offloop: No stalls were looked for: the program ended before its event loop turned. Loading modules does not count.\n' });
  });

  it('the report is written to the given path, and --fail-over lets a program pass that blocks for less', async () => {
    const { code, stderr } = await offloop(['run', '--log', 'off', '--fail-over', '60000', '--report', join(temporaryFolder(), 'of-%p.html'), fixture('blocks.mjs')]).ended;
    expect(code).toBe(0);
    expect(stderr).not.toContain('failed');
    const [, written = ''] = /offloop: the report is in (.*)\n/.exec(stderr) ?? [];
    expect(written).toMatch(/of-\d+\./);
    expect(readFileSync(written, 'utf8')).toMatch(/^<!doctype html>[^]*blockFor/);
  });

  it('with --log json every line of stderr is JSON, the report among them', async () => {
    const { stderr } = await offloop(['run', '--log', 'json', '--fail-over', '100', fixture('blocks.mjs')]).ended;
    const lines = stderr.trimEnd().split('\n').map((line) => JSON.parse(line) as { offloop: string });
    expect(lines.map(({ offloop: what }) => what)).toEqual(expect.arrayContaining(['stall', 'report', 'notice']));
    expect(namesIn(lines.find(({ offloop: what }) => what === 'report') as never)).toContain('blockFor');
  });
});

describe('--fail-over', () => {
  it('makes a run fail that was blocked for longer, and names the longest stall', async () => {
    const { code, stderr } = await offloop(['run', '--fail-over', '100', fixture('blocks.mjs'), '0', '1000']).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/\noffloop: failed: the event loop was blocked for 1(\.\d)? s, and --fail-over allows 100 ms: blockFor \(.*blocking\.js:\d+\)\n$/);
  });
});

describe('a program that does not come to its end', () => {
  it('is ended by --abort-after with exit code 70, and ranked', async () => {
    const path = join(temporaryFolder(), 'report.json');
    const { code, stderr } = await offloop(['run', '--abort-after', '500', '--report', path, fixture('spins.mjs')]).ended;
    expect(code).toBe(70);
    expect(stderr).toMatch(/ spinForEver\n.*spins\.mjs:\d+/);
    expect(namesIn(JSON.parse(readFileSync(path, 'utf8')) as ReportData)).toContain('spinForEver');
  });
});

describe.skipIf(process.platform === 'win32')('a program that was killed in a call that does not return (Windows has no mkfifo)', () => {
  it('is ranked, with the time that the stall had lasted', async () => {
    const fifo = join(temporaryFolder(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { wrote, ended } = offloop(['run', fixture('waits.mjs'), fifo]);
    const pid = Number(await wrote(/^(\d+)\n/));
    await wrote(/stuck for .* does not answer/);
    process.kill(pid, 'SIGKILL');
    const { signal, stderr } = await ended;
    expect(signal).toBe('SIGKILL');
    expect(stderr).toMatch(/offloop: 1 stall blocked the event loop for .* of /);
    expect(stderr).toMatch(/ blocking-io, no stack /);
  });
});

describe('the program', () => {
  it('has its arguments and its stdin, in CommonJS too', async () => {
    const script = fixture('echoes.cjs');
    const args = ['--log', 'a b', '--', '--help', ''];
    const { code, stdout } = await offloop(['run', '--log', 'off', script, ...args], { input: 'grüezi\n' }).ended;
    expect({ code, told: JSON.parse(stdout) }).toEqual({ code: 0, told: { script, args, stdin: 'grüezi\n' } });
  });

  it('gets flags for Node from after --', async () => {
    const { stdout } = await offloop(['run', '--', '--expose-gc', '-p', 'typeof gc, process.argv.slice(1)', 'x']).ended;
    expect(stdout).toBe("[ 'x' ]\n");
  });

  it('may fork: its IPC channel works, and the child process inherits nothing that is for the program alone', async () => {
    const { code, stdout, stderr } = await offloop(['run', '--report', join(temporaryFolder(), 'report.json'), '--threshold', '20000', fixture('forks.cjs')]).ended;
    const [answer = '', end] = stdout.trimEnd().split('\n');
    expect(JSON.parse(answer)).toMatchObject({ text: 'hello', variables: ['OFFLOOP_THRESHOLD'] });
    expect({ code, end }).toEqual({ code: 0, end: 'child: 0' });
    expect(stderr.match(/the report is in/g)).toHaveLength(1);
  });

  it('that is not found is reported by Node', async () => {
    const { code, stderr } = await offloop(['run', 'no-such-file.js']).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot find module .*no-such-file\.js/);
  });

  it('that was not watched is reported as not watched', async () => {
    const { code, stderr } = await offloop(['run', '--', '--no-such-flag', 'app.js']).ended;
    expect(code).toBe(9);
    expect(stderr).toMatch(/bad option: --no-such-flag\noffloop: the program was not watched: .*\n$/);
  });

  it('serves the page on the given port', async () => {
    const { process, wrote, ended } = offloop(['run', '--page', '0', fixture('serves.mjs'), 'SIGTERM']);
    const url = await wrote(/page is on (http:\/\/127\.0\.0\.1:\d+\S*)/);
    expect((await fetch(new URL('/health', url))).status).toBe(200);
    process.kill('SIGTERM');
    expect((await ended).code).toBe(5);
  });
});

describe('a signal', () => {
  it('ends the program, and then the command in the same way; the summary says that there was no stall, and how long the program was watched', async () => {
    const { process, wrote, ended } = offloop(['run', '--threshold', '20000', fixture('serves.mjs')], { detached: true });
    await wrote(/up/);
    process.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: null, signal: 'SIGTERM', stderr: expect.stringMatching(/^offloop: No stalls: nothing blocked the event loop in the .+ it was watched\. [^]*modules were loading does not count\.\n$/) as string });
  });

  it('reaches a program that handles it once, and its exit code is kept', async () => {
    const { process, wrote, ended } = offloop(['run', fixture('serves.mjs'), 'SIGTERM', 'SIGINT', 'SIGUSR2'], { detached: true });
    await wrote(/up/);
    process.kill('SIGINT');
    await wrote(/"SIGINT":1/);
    process.kill('SIGUSR2');
    await wrote(/"SIGUSR2":1/);
    process.kill('SIGTERM');
    const { code, stdout } = await ended;
    expect({ code, counts: stdout.trimEnd().split('\n').at(-1) }).toEqual({ code: 5, counts: '{"SIGINT":1,"SIGUSR2":1,"SIGTERM":1}' });
  });
});

describe('a mistake ends with exit code 2, before anything is started', () => {
  it.each([
    [[], 'no command was given'],
    [['run', '--report', 'no/such/folder/report.html', fixture('echoes.cjs')], 'no report can be written: ENOENT'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await offloop(args).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`offloop: ${message}`);
    expect(stderr).toContain(usage);
  });
});

it('help names every option, on stdout', async () => {
  const { code, stdout, stderr } = await offloop(['run', '--help']).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const option of ['--threshold', '--log', '--page', '--report', '--fail-over', '--abort-after', usage]) expect(stdout).toContain(option);
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect((await offloop(['--help']).ended).stdout).toContain('offloop run --help');
  expect((await offloop(['--version']).ended).stdout).toBe(`${packageJson.version}\n`);
});
