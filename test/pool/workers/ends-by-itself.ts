import { runNode, runtimes, script } from '../helpers.ts';

type Row = readonly [runtime: (typeof runtimes)[number], way: string, lines: readonly string[]];

const ways: [way: string, ...lines: string[]][] = [
  ['a task of the default pool', 'done'],
  ['a large idleTimeout', 'done'],
  ['deadlines and timeouts far away', 'done'],
  ['a timed-out task', 'OFFLOOP_TIMEOUT', 'done'],
  ['an aborted task', 'AbortError', 'done'],
  ['a map that was broken off', 'done'],
  ['an iterator that was left lying', 'done'],
  ['closing in exit', 'done'],
  ['closing with a long time limit', 'done'],
  ['closing in beforeExit', 'done', 'closed'],
];

/** Every way once, with the runtimes in turn. */
export const once = ways.map(([way, ...lines], i): Row => [runtimes[i % runtimes.length]!, way, lines]);
/** Every way on the other runtimes. */
export const again = ways.flatMap(([way, ...lines], i) => runtimes.filter((_runtime, at) => at !== i % runtimes.length).map((runtime): Row => [runtime, way, lines]));

/** Runs a process that ends its work in this way, and checks its output and exit code. */
export async function endsAfter(runtime: string, way: string): Promise<unknown> {
  const { code, stdout, stderr } = await runNode([script('ends-after.js'), runtime, way]);
  return { code, lines: stdout.trimEnd().split('\n'), stderr };
}
