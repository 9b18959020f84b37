import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { countPrimes } from '../../examples/frameworks/count-primes.js';
import { expectPairs, requests, startServer } from './servers.ts';

describe.each(['express', 'fastify', 'hono', 'nestjs', 'pino'])('%s', (framework) => {
  it('knows each request in the worker that runs its task', async () => {
    const server = await startServer(`frameworks/${framework}`);
    const sent = requests(24);
    const answers = await Promise.all(sent.map(async (request) => (await server.send(request)).json()));
    expect(answers).toEqual(sent.map(({ limit }) => ({ count: countPrimes(limit) })));
    expectPairs(sent, await server.lines(2 * sent.length));
  });
});

describe('a store that would travel as a whole is refused, and the error says what to do', () => {
  const table = readFileSync(new URL('../../examples/README.md', import.meta.url), 'utf8');
  const choose = (pick: string): string => `Choose the keys that matter with \`pick\`${pick}, or give carry() an \`encode\` and a \`decode\`.`;

  it.each([
    ['express', '`everything.req`, an instance of IncomingMessage would arrive as a bare object', ", for instance `pick: ['requestId', 'user']`"],
    ['fastify', '`everything.request`, an instance of _Request would arrive as a bare object', ", for instance `pick: ['requestId', 'user']`"],
    ['hono', '`everything`, an instance of Context would arrive as a bare object', ''],
    ['nestjs', '`everything.Symbol(CLS_ID)`, a symbol key cannot cross, since each thread has symbols of its own', ", for instance `pick: ['user']`"],
  ])('%s', async (framework, reason, pick) => {
    const server = await startServer(`frameworks/${framework}`, ['--import', './without-pick.js']);
    const [request] = requests(1);
    const response = await server.send(request!);
    expect(response.status).toBe(500);
    // Fastify sends the error as its response, the others log the error.
    const said = framework === 'fastify' ? ((await response.json()) as Error).message : await server.wrote(/(The store 'everything' .*)/);
    expect(said).toBe(`The store 'everything' cannot cross to another thread: at ${reason}. ${choose(pick)}`);
    expect(table).toContain(`| ${framework} | at ${reason}. ${choose(pick)} |`);
  });
});
