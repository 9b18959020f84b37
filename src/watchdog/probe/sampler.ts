import type { Profiler, Session } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';

import type { RawFrame } from './raw-stack.ts';
import { mapped } from './source-map.ts';

/** A stall of the default threshold gets ten samples, in µs. */
const INTERVAL = 10_000;
/** To start, the profiler goes through all of the heap. */
const MAX_HEAP = 256 * 1024 * 1024;

/** What ran most of a time. */
export interface Sampled {
  /** Innermost frame first; absent where no function of the user's was there for a third of the time. */
  readonly stack: RawFrame[] | undefined;
  /** Of the time, 0 to 1. */
  readonly gcShare: number;
}

/**
 * V8's sampling profiler, for what no interrupt gets into: it stops the thread by a signal, in native code too, and so
 * names the function that made a call which left no trace. It is started only after such a stall, for the next one:
 * starting takes 15 to 300 ms, by the size of the heap (one of more than 256 MB is spared that), and while it is on the
 * process keeps 0.93 to 1.0 of its speed.
 */
export class Sampler {
  #session: Session | undefined;

  /** Returns whether it samples. It takes the thread for a while, see above. */
  start(): boolean {
    if (this.#session !== undefined) return true;
    const inspector = process.getBuiltinModule('node:inspector') as typeof import('node:inspector') | undefined;
    if (inspector === undefined || getHeapStatistics().used_heap_size > MAX_HEAP) return false;
    this.#session = new inspector.Session();
    this.#session.connect();
    // On its own thread a session answers at once.
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
    this.#session.post('Profiler.start');
    return true;
  }

  /** What was on the CPU between two instants of `now()`. */
  stop(from: number, to: number): Sampled | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    this.#session = undefined;
    let profile: Profiler.Profile | undefined;
    session.post('Profiler.stop', (error, result) => { if (error === null) ({ profile } = result); });
    session.post('Profiler.disable');
    session.disconnect();
    return profile === undefined ? undefined : sumUp(profile, from, to);
  }
}

function sumUp(profile: Profiler.Profile, from: number, to: number): Sampled | undefined {
  const counts = countSamples(profile, from, to);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const tree = new Tree(profile.nodes);
  const collector = profile.nodes.find(({ callFrame }) => callFrame.functionName === '(garbage collector)');
  return { stack: tree.heaviestStack(counts, total / 3), gcShare: (counts.get(collector?.id ?? 0) ?? 0) / total };
}

/** By the node that was on top. V8 counts time as `now()` does, in µs. */
function countSamples({ samples = [], timeDeltas = [], startTime }: Profiler.Profile, from: number, to: number): Map<number, number> {
  const counts = new Map<number, number>();
  let at = startTime / 1000;
  samples.forEach((id, i) => {
    at += (timeDeltas[i] ?? 0) / 1000;
    if (at >= from && at <= to) counts.set(id, (counts.get(id) ?? 0) + 1);
  });
  return counts;
}

class Tree {
  readonly #nodes: Map<number, Profiler.ProfileNode>;
  readonly #parents: Map<number, number>;

  constructor(nodes: readonly Profiler.ProfileNode[]) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    this.#parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  }

  /** Of the user's function that was innermost most often, in more than `least` samples, its most frequent stack. */
  heaviestStack(counts: ReadonlyMap<number, number>, least: number): RawFrame[] | undefined {
    const users = new Map<number, { count: number; leaf: number }>();
    for (const [leaf, count] of counts) {
      const user = this.#outwards(leaf).find(isUsers)?.id;
      if (user === undefined) continue;
      const before = users.get(user) ?? { count: 0, leaf };
      users.set(user, { count: before.count + count, leaf: (counts.get(before.leaf) ?? 0) < count ? leaf : before.leaf });
    }
    const most = [...users.values()].reduce((best, next) => (next.count > best.count ? next : best), { count: 0, leaf: 0 });
    return most.count > least ? this.#outwards(most.leaf).filter(isFunction).map(toRawFrame) : undefined;
  }

  #outwards(leaf: number): Profiler.ProfileNode[] {
    const path: Profiler.ProfileNode[] = [];
    for (let node = this.#nodes.get(leaf); node !== undefined; node = this.#nodes.get(this.#parents.get(node.id) ?? -1)) path.push(node);
    return path;
  }
}

/** Not "(root)", "(idle)", "(program)" or "(garbage collector)". */
function isFunction({ callFrame }: Profiler.ProfileNode): boolean {
  return !/^\(.+\)$/.test(callFrame.functionName);
}

function isUsers(node: Profiler.ProfileNode): boolean {
  return isFunction(node) && node.callFrame.url !== '' && !/^(node|wasm):/.test(node.callFrame.url);
}

/** Of a caller only the place of the function is known, of the innermost one the line, too. */
function toRawFrame({ callFrame, positionTicks = [] }: Profiler.ProfileNode): RawFrame {
  const ticked = positionTicks.reduce<{ line: number; ticks: number } | undefined>((most, next) => (next.ticks > (most?.ticks ?? 0) ? next : most), undefined);
  const position = { file: callFrame.url, line: ticked?.line ?? callFrame.lineNumber + 1, column: ticked === undefined ? callFrame.columnNumber + 1 : 1 };
  return { name: callFrame.functionName, ...mapped(position), isAsync: false, isEntry: false };
}
