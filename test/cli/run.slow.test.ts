import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { ReportData } from '../../src/watchdog/types.ts';
import { fixture, namesIn, offloop, temporaryFolder } from './processes.ts';

it.each(['SIGINT', 'SIGHUP', 'SIGUSR2'] as const)('the signal %s ends the program, and then the command in the same way', async (signal) => {
  const { process, wrote, ended } = offloop(['run', fixture('serves.mjs')], { detached: true });
  await wrote(/up/);
  process.kill(signal);
  expect(await ended).toMatchObject({ code: null, signal, stderr: expect.stringContaining('offloop: No stalls') as string });
});

it('the report is written as JSON', async () => {
  const path = join(temporaryFolder(), 'report.json');
  expect((await offloop(['run', '--log', 'off', '--report', path, fixture('blocks.mjs')]).ended).code).toBe(0);
  expect(namesIn(JSON.parse(readFileSync(path, 'utf8')) as ReportData)).toContain('blockFor');
});

describe('a program that does not come to its end', () => {
  it('is ranked when it was killed in the middle of a stall', async () => {
    // Only a failing test needs the limit: the spinning process would outlive the command.
    const { wrote, ended } = offloop(['run', '--abort-after', '20000', fixture('spins.mjs')]);
    const pid = Number(await wrote(/^(\d+)\n/));
    await wrote(/stuck for .* in spinForEver/);
    process.kill(pid, 'SIGKILL');
    const { code, signal, stderr } = await ended;
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
    expect(stderr).toMatch(/ spinForEver\n.*spins\.mjs:\d+/);
  });
});

describe('a mistake ends with exit code 2, before anything is started', () => {
  it.each([
    [['run', '--foo', fixture('echoes.cjs')], 'there is no option --foo'],
    [['run', '--threshold', 'abc', fixture('echoes.cjs')], '--threshold: expected a number'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await offloop(args).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`offloop: ${message}`);
  });

  it('a folder in the place of the report', async () => {
    const folder = join(temporaryFolder(), 'report.html');
    mkdirSync(folder);
    expect(await offloop(['run', '--report', folder, fixture('echoes.cjs')]).ended).toMatchObject({ code: 2, stdout: '' });
  });
});
