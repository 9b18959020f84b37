import { describe, expect, it } from 'vitest';

import { runNode, workers } from '../pool/helpers.ts';

const fixture = (name: string): string => `${import.meta.dirname}/../fixtures/agents/${name}`;
const fine = { right: 50, mapped: [1, null, 2, null, 3, null], refused: true, timedOut: 'OFFLOOP_TIMEOUT', aborted: 'enough' };

/** Each is loaded before everything else, in the workers, too. */
const agents: [name: string, flags: string[], traces: object][] = [
  ['zone.js', ['--import', 'zone.js/node'], { zone: true }],
  ['bluebird as the global Promise', ['--require', fixture('bluebird.cjs')], { bluebird: true }],
  ['cls-hooked', ['--require', fixture('cls-hooked.cjs')], {}],
];

describe.each(agents)('with %s', (_name, flags, traces) => {
  it.each(workers)('calls on %s have the right results, stores and errors, and the process ends', async (runtime) => {
    const { code, stdout, stderr } = await runNode([...flags, fixture('round.js'), runtime]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { worker, ...found } = JSON.parse(stdout) as { worker: object };
    expect(found).toEqual(fine);
    expect(worker).toMatchObject(traces);
  });
});

it.each(workers)('cls-hooked keeps its own context over a call on %s', async (runtime) => {
  const { code, stdout } = await runNode(['--require', fixture('cls-hooked.cjs'), fixture('cls-request.js'), runtime]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '[1,2,3]\n' });
});
