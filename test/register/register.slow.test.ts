import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { fixture, node, registerURL, temporaryFolder } from '../cli/processes.ts';

const registered = ['--import', registerURL];

describe('offloop/register', () => {
  it('writes the report as JSON', async () => {
    const cwd = temporaryFolder();
    await node([...registered, fixture('blocks.mjs')], { cwd, env: { OFFLOOP_REPORT: 'report.json' } }).ended;
    expect(readFileSync(join(cwd, 'report.json'), 'utf8')).toContain('blockFor');
  });

  it('ends a process whose event loop is stuck for too long', async () => {
    const { code, stderr } = await node([...registered, fixture('spins.mjs')], { env: { OFFLOOP_ABORT_AFTER: '500' } }).ended;
    expect(code).toBe(70);
    expect(stderr).toContain('in spinForEver (');
  });

  it('starts one watchdog per process, however often it is loaded', async () => {
    const { code, stderr } = await node([...registered, '--import', `${registerURL}?again`, fixture('echoes.cjs')], { env: { OFFLOOP_TYPO: '1' } }).ended;
    expect(code).toBe(0);
    expect(stderr.match(/OFFLOOP_TYPO/g)).toHaveLength(1);
  });

  it('leaves a report without %p in its name to the first process', async () => {
    const cwd = temporaryFolder();
    const { stdout } = await node([...registered, fixture('forks.cjs')], { cwd, env: { OFFLOOP_REPORT: 'report.json', OFFLOOP_THRESHOLD: '20000' } }).ended;
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ text: 'hello', variables: ['OFFLOOP_THRESHOLD'] });
    expect(existsSync(join(cwd, 'report.json'))).toBe(true);
  });

  it('writes to no descriptor that was meant for another process', async () => {
    const { stdout } = await node([...registered, fixture('forks.cjs')], { env: { OFFLOOP_TELL_TO: '1 of 1' } }).ended;
    expect(stdout).toMatch(/^\{"pid".*"variables":\[\].*\nchild: 0\n$/);
  });
});
