import { basename } from 'node:path';

import { createPool, type Task } from 'offloop';
import { afterAll, describe, expect, it } from 'vitest';

import { callsThrowing, throwsDeepDown, throwsInCallback, throwsLater, throwsWithCause } from '../../fixtures/context/throws-deep-down.js';
import { rejection } from './rejection.ts';

const fixture = 'throws-deep-down.js';
const here = basename(import.meta.filename);

describe.each(['threads', 'processes'] as const)('from %s', (runtime) => {
  const pool = createPool({ maxThreads: 1, runtime });
  afterAll(() => pool.close({ drain: false }));

  async function theCaller(task: Task<[], unknown>): Promise<unknown> {
    return await pool.run(task, []);
  }

  describe('the stack of an error that a task throws', () => {
    it('has the task’s own frames, the hop and the caller’s frames, and no others', async () => {
      async function theTest(): Promise<void> {
        await theCaller(throwsDeepDown);
      }
      expect(await framesOf(theTest())).toEqual([
        `innermost ${fixture}`,
        `middle ${fixture}`,
        `throwsDeepDown ${fixture}`,
        "task 'throwsDeepDown' (offloop worker)",
        `theCaller ${here}`,
        `theTest ${here}`,
      ]);
    });

    it('begins with its name and message, once', async () => {
      const { stack } = (await rejection(theCaller(throwsDeepDown))) as Error;
      expect(stack?.split('\n')[0]).toBe('Error: deep down');
      expect(stack?.match(/deep down/g)).toHaveLength(1);
    });

    it('follows the awaits of an async task', async () => {
      expect(await framesOf(theCaller(throwsLater))).toEqual([
        `laterInnermost ${fixture}`,
        `async throwsLater ${fixture}`,
        "task 'throwsLater' (offloop worker)",
        `theCaller ${here}`,
      ]);
    });

    it('keeps the frames of built-in functions that the task called', async () => {
      const frames = await framesOf(theCaller(throwsInCallback));
      expect(frames).toEqual([
        `inMap ${fixture}`,
        'Array.map <anonymous>',
        `throwsInCallback ${fixture}`,
        "task 'throwsInCallback' (offloop worker)",
        `theCaller ${here}`,
      ]);
    });

    it('has no further hop for a task that calls another task on its own worker', async () => {
      expect(await framesOf(theCaller(callsThrowing))).toEqual([
        `laterInnermost ${fixture}`,
        `async throwsLater ${fixture}`,
        `async callsThrowing ${fixture}`,
        "task 'callsThrowing' (offloop worker)",
        `theCaller ${here}`,
      ]);
    });

    it('is not added to the cause, which has the task’s frames alone', async () => {
      const error = (await rejection(theCaller(throwsWithCause))) as { cause: Error };
      expect(namesOf(error.cause.stack)).toEqual([`innermost ${fixture}`, `middle ${fixture}`, `throwsWithCause ${fixture}`]);
    });

    it('leads to the caller of a task of the default pool', async () => {
      async function callsDirectly(): Promise<void> {
        await throwsDeepDown();
      }
      expect((await framesOf(callsDirectly())).slice(3)).toEqual(["task 'throwsDeepDown' (offloop worker)", `callsDirectly ${here}`]);
    });

    it('leads to the caller of a plain module’s function', async () => {
      async function callsPlain(): Promise<void> {
        const url = new URL('../../fixtures/context/throws-plainly.js', import.meta.url);
        await pool.tasks<typeof import('../../fixtures/context/throws-plainly.js')>(url).throwsPlainly();
      }
      expect(await framesOf(callsPlain())).toEqual([
        'throwsPlainly throws-plainly.js',
        "task 'throwsPlainly' (offloop worker)",
        `callsPlain ${here}`,
      ]);
    });
  });
});

/** The frames of an error, without the frames of the test runner, which has called the test. */
async function framesOf(failing: Promise<unknown>): Promise<string[]> {
  const error = (await rejection(failing)) as Error;
  const frames = namesOf(error.stack);
  const runner = frames.findIndex((frame) => frame.endsWith('rejection.ts') || frame.endsWith(`framesOf ${here}`));
  return runner < 0 ? frames : frames.slice(0, runner);
}

/** "innermost throws-deep-down.js": the function and its file. Vitest's own stack traces do not say `async`. */
function namesOf(stack: string | undefined): string[] {
  const lines = (stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return lines.map((line) => {
    const [, name = line, place = ''] = /^ {4}at (.+) \((.+)\)$/.exec(line) ?? [];
    if (place.includes('offloop worker')) return line.slice(7);
    const file = basename(place.replace(/(:\d+)+$/, ''));
    return `${file === here ? name.replace('async ', '') : name} ${file}`;
  });
}
