import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { takeEnvironment, parentFdVariable } from '../../src/register/environment.ts';
import { fixture, node, registerURL, temporaryFolder } from '../cli/processes.ts';

const registered = ['--import', registerURL];

describe('offloop/register', () => {
  it('reports the functions that block, and ranks them at the exit', async () => {
    const { code, stdout, stderr } = await node([...registered, fixture('blocks.mjs'), '3']).ended;
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^offloop: the event loop .* in blockFor \(/m);
    expect(stderr).toMatch(/\n\noffloop: \d+ stalls? blocked the event loop [^]* blockFor\n/);
  });

  it('works from NODE_OPTIONS, with options from the environment', async () => {
    const env = { NODE_OPTIONS: `--import=${registerURL}`, OFFLOOP_LOG: 'json', OFFLOOP_THRESHOLD: '50' };
    const { code, stderr } = await node([fixture('blocks.mjs')], { env }).ended;
    expect(code).toBe(0);
    const lines = stderr.trimEnd().split('\n').map((line) => JSON.parse(line) as { offloop: string });
    expect(lines.at(-1)).toMatchObject({ offloop: 'report', offenders: expect.any(Array) as unknown[] });
  });

  it('writes nothing when there was no stall, or when the log is off', async () => {
    expect((await node([...registered, fixture('echoes.cjs')]).ended).stderr).toBe('');
    expect((await node([...registered, fixture('blocks.mjs')], { env: { OFFLOOP_LOG: 'off' } }).ended).stderr).toBe('');
  });

  it('writes the report at the exit, where the process was started', async () => {
    const cwd = temporaryFolder();
    const { stderr } = await node([...registered, fixture('blocks.mjs')], { cwd, env: { OFFLOOP_REPORT: 'report.html' } }).ended;
    expect(stderr).toContain('offloop: the report is in ');
    expect(readFileSync(join(cwd, 'report.html'), 'utf8')).toContain('blockFor');
  });

  it('lets a process start with invalid variables, and reports them once', async () => {
    const env = { OFFLOOP_THRESHOLD: 'abc', OFFLOOP_REPORT: 'report.txt', OFFLOOP_TRESHOLD: '50' };
    const { code, stdout, stderr } = await node([...registered, fixture('echoes.cjs'), 'x'], { env }).ended;
    expect({ code, told: JSON.parse(stdout) }).toMatchObject({ code: 0, told: { args: ['x'] } });
    expect(stderr.trimEnd().split('\n')).toEqual([
      'offloop: OFFLOOP_THRESHOLD: expected a number of milliseconds, 10 to 3,600,000, got "abc". It is ignored.',
      'offloop: OFFLOOP_REPORT: expected a path that ends in .html or .json, got "report.txt". It is ignored.',
      expect.stringMatching(/^offloop: OFFLOOP_TRESHOLD: there is no such variable\. The variables are OFFLOOP_THRESHOLD, /) as string,
    ]);
  });

  it('says at the start that a report cannot be written', async () => {
    const { code, stderr } = await node([...registered, fixture('echoes.cjs')], { env: { OFFLOOP_REPORT: 'no/such/folder/r.html' } }).ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^offloop: OFFLOOP_REPORT: no report can be written: ENOENT/);
  });

  it('does nothing in the workers of a pool, be they threads or processes', async () => {
    const { code, stdout, stderr } = await node([fixture('asks-workers.mjs')], { env: { NODE_OPTIONS: `--import=${registerURL}`, OFFLOOP_TYPO: '1' } }).ended;
    expect({ code, told: JSON.parse(stdout) }).toEqual({ code: 0, told: { here: true, there: [false, false] } });
    expect(stderr.match(/OFFLOOP_TYPO/g)).toHaveLength(1);
  });

  it('watches the processes that are forked, each with its own report where %p tells them apart', async () => {
    const cwd = temporaryFolder();
    const { stdout } = await node([...registered, fixture('forks.cjs')], { cwd, env: { OFFLOOP_REPORT: '%p.json' } }).ended;
    const { pid, childPid } = JSON.parse(stdout.split('\n')[0] ?? '') as { pid: number; childPid: number };
    expect(readdirSync(cwd).sort()).toEqual([`${pid}.json`, `${childPid}.json`].sort());
  });
});

describe('the environment', () => {
  it.each([
    ['OFFLOOP_THRESHOLD', '12.5', { threshold: 12.5 }],
    ['OFFLOOP_LOG', 'stderr', { log: 'stderr' }],
    ['OFFLOOP_LOG', 'off', { log: false }],
    ['OFFLOOP_PAGE', 'true', { page: true }],
    ['OFFLOOP_PAGE', '1', { page: true }],
    ['OFFLOOP_PAGE', '0', { page: false }],
    ['OFFLOOP_PAGE', '8080', { page: { port: 8080 } }],
    ['OFFLOOP_PAGE', 'localhost:0', { page: { port: 0, host: 'localhost' } }],
    ['OFFLOOP_PAGE', '[::1]:80', { page: { port: 80, host: '::1' } }],
    ['OFFLOOP_ABORT_AFTER', '0.5', { abortAfter: 0.5 }],
    ['OFFLOOP_THRESHOLD', '', {}],
  ])('%s=%s', (name, text, settings) => {
    expect(takeEnvironment({ [name]: text })).toEqual({ settings, parentFd: undefined, problems: [] });
  });

  it.each([
    ['OFFLOOP_THRESHOLD', '9'], ['OFFLOOP_THRESHOLD', '1e3'], ['OFFLOOP_THRESHOLD', '0x64'], ['OFFLOOP_THRESHOLD', '-50'], ['OFFLOOP_THRESHOLD', ' '],
    ['OFFLOOP_LOG', 'STDERR'], ['OFFLOOP_LOG', 'toString'], ['OFFLOOP_PAGE', 'yes'], ['OFFLOOP_PAGE', '65536'], ['OFFLOOP_PAGE', ':80'], ['OFFLOOP_PAGE', '::1:80'],
    ['OFFLOOP_ABORT_AFTER', '0'], ['OFFLOOP_REPORT', 'report'],
  ])('%s=%s is told, and taken away so that no child repeats it', (name, text) => {
    const env = { [name]: text };
    const { settings, problems } = takeEnvironment(env);
    expect({ settings, env }).toEqual({ settings: {}, env: {} });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name}: expected .*, got "${text}"\\. It is ignored\\.$`))]);
  });

  it('gives the descriptor to the children of this process only', () => {
    const ofParent = { OFFLOOP_TELL_TO: `3 of ${process.ppid}` };
    expect(takeEnvironment(ofParent).parentFd).toBe(3);
    expect(ofParent).toEqual({});
    expect(takeEnvironment(parentFdVariable(3)).parentFd).toBeUndefined();
  });
});
