import type { Profiler as V8, Session } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';

import type { ProfileSummary, RawFrame } from '../protocol/findings.ts';
import { mapped } from './source-map.ts';

/** Between two samples, in µs: ten samples in a stall of the default threshold. */
const INTERVAL = 10_000;
/** In bytes: at its start the profiler goes through all of the heap. */
const MAX_HEAP = 256 * 1024 * 1024;

/**
 * V8's sampling profiler, for native calls, which no interrupt reaches: the profiler stops the thread by a signal, in native code
 * too, and so names the function that made a call which left no trace. The monitor starts the profiler only after such a stall,
 * for the next one: starting takes 15 to 300 ms by the size of the heap (a heap of more than 256 MB is spared the profiler), and
 * while the profiler runs the process keeps 0.93 to 1.0 of its speed.
 */
export class Profiler {
  #session: Session | undefined;

  /** Returns whether the profiler runs. Starting blocks the thread, see above. */
  start(): boolean {
    if (this.#session !== undefined) return true;
    const inspector = process.getBuiltinModule('node:inspector') as typeof import('node:inspector') | undefined;
    if (inspector === undefined || getHeapStatistics().used_heap_size > MAX_HEAP) return false;
    this.#session = new inspector.Session();
    this.#session.connect();
    // A session with the inspector of its own thread answers at once.
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
    this.#session.post('Profiler.start');
    return true;
  }

  /** Returns what ran most of the time between two instants of `now()`. */
  stop(from: number, to: number): ProfileSummary | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    this.#session = undefined;
    let profile: V8.Profile | undefined;
    session.post('Profiler.stop', (error, result) => { if (error === null) ({ profile } = result); });
    session.post('Profiler.disable');
    session.disconnect();
    return profile === undefined ? undefined : sumUp(profile, from, to);
  }
}

function sumUp(profile: V8.Profile, from: number, to: number): ProfileSummary | undefined {
  const counts = countSamples(profile, from, to);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const tree = new Tree(profile.nodes);
  const collector = profile.nodes.find(({ callFrame }) => callFrame.functionName === '(garbage collector)');
  return { stack: tree.heaviestStack(counts, total / 3), gcShare: (counts.get(collector?.id ?? 0) ?? 0) / total };
}

/** Counts the samples by the node that was on top. V8's clock is that of `now()`, in µs. */
function countSamples({ samples = [], timeDeltas = [], startTime }: V8.Profile, from: number, to: number): Map<number, number> {
  const counts = new Map<number, number>();
  let at = startTime / 1000;
  samples.forEach((id, i) => {
    at += (timeDeltas[i] ?? 0) / 1000;
    if (at >= from && at <= to) counts.set(id, (counts.get(id) ?? 0) + 1);
  });
  return counts;
}

class Tree {
  readonly #nodes: Map<number, V8.ProfileNode>;
  readonly #parents: Map<number, number>;

  constructor(nodes: readonly V8.ProfileNode[]) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    this.#parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  }

  /** The most frequent stack of the user's function that was innermost most often, in more than `least` samples. */
  heaviestStack(counts: ReadonlyMap<number, number>, least: number): RawFrame[] | undefined {
    const users = new Map<number, { count: number; leaf: number }>();
    for (const [leaf, count] of counts) {
      const user = this.#outwards(leaf).find(isUsersFunction)?.id;
      if (user === undefined) continue;
      const before = users.get(user) ?? { count: 0, leaf };
      users.set(user, { count: before.count + count, leaf: (counts.get(before.leaf) ?? 0) < count ? leaf : before.leaf });
    }
    const most = [...users.values()].reduce((best, next) => (next.count > best.count ? next : best), { count: 0, leaf: 0 });
    return most.count > least ? this.#outwards(most.leaf).filter(isFunction).map(toRawFrame) : undefined;
  }

  #outwards(leaf: number): V8.ProfileNode[] {
    const path: V8.ProfileNode[] = [];
    for (let node = this.#nodes.get(leaf); node !== undefined; node = this.#nodes.get(this.#parents.get(node.id) ?? -1)) path.push(node);
    return path;
  }
}

/** Whether the node is none of "(root)", "(idle)", "(program)" and "(garbage collector)". */
function isFunction({ callFrame }: V8.ProfileNode): boolean {
  return !(callFrame.functionName.startsWith('(') && callFrame.functionName.endsWith(')'));
}

function isUsersFunction(node: V8.ProfileNode): boolean {
  const { url } = node.callFrame;
  return isFunction(node) && url !== '' && !url.startsWith('node:') && !url.startsWith('wasm:');
}

/** V8 tells the line only for the innermost function; for its callers it tells where the function stands. */
function toRawFrame({ callFrame, positionTicks = [] }: V8.ProfileNode): RawFrame {
  const ticked = positionTicks.reduce<{ line: number; ticks: number } | undefined>((most, next) => (next.ticks > (most?.ticks ?? 0) ? next : most), undefined);
  const position = { file: callFrame.url, line: ticked?.line ?? callFrame.lineNumber + 1, column: ticked === undefined ? callFrame.columnNumber + 1 : 1 };
  return { name: callFrame.functionName, ...mapped(position), isAsync: false, isEntry: false };
}
