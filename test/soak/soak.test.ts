import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { runNode } from '../pool/helpers.ts';

const soak = fileURLToPath(new URL('soak.js', import.meta.url));
/** OFFLOOP_SOAK_TASKS=50000 runs more tasks. */
const { OFFLOOP_SOAK_TASKS: tasks = '10000' } = process.env;
const limit = 25_000 + 3 * Number(tasks);

it(`a run of ${tasks} tasks, with every fault among them, loses no task and leaves nothing behind`, async () => {
  const { code, stdout, stderr } = await runNode(['--expose-gc', soak, '--tasks', tasks], {}, limit);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const figure = (name: string): number => Number(new RegExp(`^ *${name} +([\\d,]+)$`, 'm').exec(stdout)?.[1]?.replaceAll(',', ''));
  expect(figure('lost')).toBe(0);
  expect(figure('settled')).toBe(figure('tasks'));
  expect(figure('spare workers started')).toBeGreaterThan(0);
  expect(figure('faulty tasks')).toBe(Number(tasks) / 100);
  for (const fault of ['throws null', 'exits', 'throws from a timer', 'spins until its timeout', 'ages and exits', 'ages until its timeout', 'is aborted']) expect(figure(fault)).toBeGreaterThan(0);
}, limit + 5000);
