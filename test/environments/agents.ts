import { expect } from 'vitest';

import { runNode } from '../pool/helpers.ts';

const fixture = (name: string): string => `${import.meta.dirname}/../fixtures/agents/${name}`;
const fine = { right: 50, mapped: [1, null, 2, null, 3, null], refused: true, timedOut: 'OFFLOOP_TIMEOUT', aborted: 'enough' };

/** Each agent is loaded before all other modules, in the workers, too. */
const agents: Record<string, [flags: string[], traces: object]> = {
  'zone.js': [['--import', 'zone.js/node'], { zone: true }],
  'bluebird as the global Promise': [['--require', fixture('bluebird.cjs')], { bluebird: true }],
  'cls-hooked': [['--require', fixture('cls-hooked.cjs')], {}],
};

export async function expectFineWith(agent: string, runtime: string): Promise<void> {
  const [flags, traces] = agents[agent]!;
  const { code, stdout, stderr } = await runNode([...flags, fixture('round.js'), runtime]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { worker, ...found } = JSON.parse(stdout) as { worker: object };
  expect(found).toEqual(fine);
  expect(worker).toMatchObject(traces);
}

export async function expectOwnContext(runtime: string): Promise<void> {
  const { code, stdout } = await runNode(['--require', fixture('cls-hooked.cjs'), fixture('cls-request.js'), runtime]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '[1,2,3]\n' });
}
