import { spawn } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { kinds } from '../../fixtures/foreign.js';
import { runNode, script } from '../helpers.ts';

describe('a worker’s own channel', () => {
  it('may be used by a task’s module for anything: the pool ignores it, and says once what to use instead', async () => {
    const { stdout, stderr } = await runNode([script('gets-foreign-messages.js')]);
    const { threads, processes, warnings } = (stdout === '' ? { threads: stderr } : JSON.parse(stdout)) as Record<string, unknown>;
    const expected = { answers: kinds.flatMap((kind) => [kind, kind]), started: 1, crashed: 0, replaced: 0 };
    expect(threads).toEqual(expected);
    expect(processes).toEqual(expected);
    expect(warnings).toEqual([expect.stringMatching(/^OFFLOOP_FOREIGN_MESSAGE .*currentTask\(\)\.progress\(/)]);
  });

  it('may be used by the application, whose messages reach only their listeners', async () => {
    const { stdout, stderr } = await runNode([script('posts-to-its-workers.js')]);
    expect(stdout === '' ? stderr : JSON.parse(stdout)).toEqual({ answers: ['first', ...kinds.filter((kind) => kind !== 'what is nested deeply')], started: 1, crashed: 0, warnings: [] });
  });

  it('is used by `node --watch`, and tasks run all the same', async () => {
    expect(await watched(script('prints-42.js'))).toMatch(/^threads 42\nprocesses 42\nclosed\n/m);
  });
});

/** The output of a program under `node --watch`, which does not end by itself. */
function watched(path: string): Promise<string> {
  const { NODE_OPTIONS: _vitests, ...env } = process.env;
  const child = spawn(process.execPath, ['--watch', path], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  return new Promise((resolve) => {
    const read = (chunk: Buffer): void => {
      text += chunk.toString();
      if (/Completed running|Failed running/.test(text)) child.kill();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('close', () => { resolve(text); });
  });
}
