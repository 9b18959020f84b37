import diagnostics from 'node:diagnostics_channel';
import { isMainThread, threadId } from 'node:worker_threads';

import { mayInspect } from '../../node/inspector.ts';
import { clearInterval, epochNow, setInterval } from '../../node/clock.ts';
import { inCleanRoot } from '../../context/root.ts';
import { describe } from '../../validation/describe.ts';
import { OptionError } from '../../errors.ts';
import { observed } from '../../shared/introspection.ts';
import { shared } from '../../shared/shared.ts';
import { SharedState } from '../protocol/shared-state.ts';
import { now } from '../protocol/clock.ts';
import { ExpectedBlocks } from './expected-blocks.ts';
import { guard } from './guarded-callback.ts';
import { Heartbeat } from './heartbeat.ts';
import { StallLog } from '../report/log.ts';
import type { MonitorEvent } from '../protocol/messages.ts';
import { MonitorThread } from './monitor-thread.ts';
import { normalizeWatchdogOptions, type WatchdogOptions, type WatchdogSettings } from '../options.ts';
import { Probe, probes } from '../probe/probe.ts';
import { Ranking } from '../report/ranking.ts';
import { createReport } from '../report/report.ts';
import { ownThread } from '../protocol/scheduling.ts';
import { unseenStall } from '../unseen-stall.ts';
import type { Capture, LagStats, Stall, WatchdogReport } from '../types.ts';
import { withResolvers, type PromiseWithResolvers } from '../../node/promises.ts';

/** Watches the event loop of the thread that has started it. */
export interface Watchdog extends AsyncDisposable {
  /** Resolves when the watchdog's thread runs, has proved that it can capture a stack, and serves the page. */
  ready(): Promise<{ readonly capture: Capture; /** Of the page, when there is one. */ readonly url?: string }>;
  lag(): LagStats;
  report(): WatchdogReport;
  /** Runs `fn`; what blocks meanwhile, for a promise until it settles, is no stall. */
  expectBlock<R>(why: string, fn: () => R): R;
  stop(): Promise<void>;
}

/** `offloop:stall` gets every stall, once it is over. */
const channel = diagnostics.channel('offloop:stall');

const ids = shared('watchdog ids', () => ({ last: 0 }));

/** A beat is never further apart than this, in ms; four of them fit into the threshold. */
const MAX_INTERVAL = 25;
/** How long the end of the process waits for the watchdog's last words, in ms. */
const LAST_WORDS = 300;
/** How often the monitor gets the pools' figures for its page, in ms. */
const POOLS_EVERY = 1000;

/**
 * Starts a thread that notices when this thread's event loop is stuck, while it is stuck, and says in which function, for
 * whose request, and what to do about it. It costs next to nothing until something is wrong, and keeps no process alive.
 *
 * @example
 * startWatchdog({ threshold: 100 });
 *
 * @throws OptionError (OFFLOOP_OPTION)
 */
export function startWatchdog(options: WatchdogOptions = {}): Watchdog {
  return new MainWatchdog(normalizeWatchdogOptions(options), undefined);
}

export class MainWatchdog implements Watchdog {
  readonly #settings: WatchdogSettings;
  readonly #id = ++ids.last;
  readonly #board = new SharedState();
  readonly #ranking = new Ranking();
  readonly #since = epochNow();
  readonly #heartbeat: Heartbeat;
  readonly #expected: ExpectedBlocks;
  readonly #probe: Probe;
  readonly #ready: PromiseWithResolvers<Awaited<ReturnType<Watchdog['ready']>>>;
  readonly #atExit = (): void => { this.#end(); };
  #monitor: MonitorThread | undefined;
  #poolTimer: NodeJS.Timeout | undefined;
  #capture: Capture = { mode: 'starting' };
  readonly #settling: PromiseWithResolvers<undefined>[] = [];
  #stopped: Promise<void> | undefined;

  /** @param tellTo a file descriptor that gets every stall as a line of JSON */
  constructor(settings: WatchdogSettings, tellTo: number | undefined) {
    this.#settings = settings;
    this.#ready = withResolvers();
    const interval = Math.min(MAX_INTERVAL, settings.threshold / 4);
    this.#probe = new Probe(this.#board, settings.ignore && ((stall) => this.#ignores(stall)));
    probes.set(this.#id, this.#probe);
    this.#heartbeat = new Heartbeat(this.#board, interval, settings.threshold, (since, at) => { this.#late(since, at); });
    this.#expected = new ExpectedBlocks(this.#board, this.#heartbeat, settings.threshold);
    inCleanRoot(() => { this.#startMonitor(interval, tellTo); });
    process.on('exit', this.#atExit);
  }

  ready(): ReturnType<Watchdog['ready']> {
    // Who waits for it is kept alive by it.
    if (this.#capture.mode === 'starting' && this.#stopped === undefined) this.#monitor?.keepProcessAlive(true);
    return this.#ready.promise;
  }

  lag(): LagStats {
    return this.#heartbeat.lag();
  }

  report(): WatchdogReport {
    this.#monitor?.readNews();
    return createReport({
      ...{ since: this.#since, until: epochNow(), capture: this.#capture },
      ...this.#ranking.toJSON(),
      expected: this.#board.expected,
      lag: this.lag(),
    });
  }

  expectBlock<R>(why: string, fn: () => R): R {
    if (typeof why !== 'string' || why === '') throw new OptionError(`expectBlock(): expected the reason to be a non-empty string, got ${describe(why)}.`);
    if (typeof fn !== 'function') throw new OptionError(`expectBlock('${why}'): expected a function to run, got ${describe(fn)}.`);
    return this.#expected.run(fn);
  }

  /** Ends what has lasted until now, and resolves when it has been told, if it was a stall. */
  async settle(): Promise<void> {
    this.restart();
    if (this.#monitor === undefined) return;
    const settled = withResolvers<undefined>();
    this.#settling.push(settled);
    this.#monitor.keepProcessAlive(true);
    this.#monitor.order({ type: 'settle' });
    await settled.promise;
  }

  /** What lies before now is over: what comes is measured on its own. */
  restart(): void {
    const [since, at] = [this.#board.get('beat'), now()];
    // Without the thread it is the heartbeat that tells of a stall, and it would have nothing to tell.
    if (since !== 0 && at - since >= this.#settings.threshold) this.#late(since, at);
    this.#heartbeat.restart();
  }

  stop(): Promise<void> {
    return (this.#stopped ??= inCleanRoot(() => this.#stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #startMonitor(interval: number, tellTo: number | undefined): void {
    const { threshold, log, page, abortAfter, sampling, ignore } = this.#settings;
    const settings = { ...{ interval, threshold, log, page, abortAfter, sampling, tellTo }, hasIgnore: ignore !== undefined };
    const watched = { id: this.#id, board: this.#board.buffer, threadId: isMainThread ? 0 : threadId, thread: ownThread(), refusal: mayInspect() ? undefined : noInspector };
    try {
      this.#monitor = new MonitorThread({ ...settings, ...watched }, {
        hear: (news) => { this.#hear(news); },
        fail: (error) => { this.#degrade(`its thread has failed: ${error.message}`); },
      });
    } catch (error) {
      this.#degrade(reasonOf(error));
      return;
    }
    if (page !== undefined) this.#poolTimer = setInterval(() => { this.#tellPools(); }, POOLS_EVERY).unref();
  }

  /** With no thread there is nobody to say anything while the loop is stuck; that it was can still be told. */
  #degrade(reason: string): void {
    this.#monitor = undefined;
    this.#giveUpSettling();
    const capture: Capture = (this.#capture = { mode: 'lag-only', reason });
    new StallLog(this.#settings.log).notice(`the watchdog sees stalls only when they are over, without their cause: ${reason}`);
    this.#heartbeat.whenBeating(() => { this.#ready.resolve({ capture }); });
  }

  #late(since: number, at: number): void {
    this.#expected.late(at - since);
    if (this.#monitor !== undefined || this.#board.flag('expected') > 0) return;
    const stall = unseenStall(since, at, 'javascript');
    if (this.#count(stall)) new StallLog(this.#settings.log).ended(stall, false, at);
  }

  #hear(news: MonitorEvent): void {
    if (news.type === 'ready') {
      this.#capture = news.capture;
      this.#monitor?.keepProcessAlive(false);
      this.#ready.resolve({ capture: news.capture, ...(news.url !== undefined && { url: news.url }) });
    } else if (news.type === 'settled') this.#settled();
    else if (this.#count(news.stall)) this.#monitor?.order({ type: 'count', number: news.number });
  }

  #settled(): void {
    this.#settling.shift()?.resolve(undefined);
    if (this.#settling.length === 0) this.#monitor?.keepProcessAlive(false);
  }

  /** Nobody is left to say so. */
  #giveUpSettling(): void {
    for (const settled of this.#settling.splice(0)) settled.resolve(undefined);
  }

  /** Returns whether it counts. */
  #count(stall: Stall): boolean {
    if (this.#ignores(stall)) return false;
    this.#ranking.add(stall);
    if (channel.hasSubscribers) channel.publish(stall);
    guard('onStall', () => this.#settings.onStall?.(stall));
    return true;
  }

  #ignores(stall: Stall): boolean {
    return guard('ignore', () => this.#settings.ignore?.(stall)) === true;
  }

  #tellPools(): void {
    const pools = [...observed.pools].map((pool) => pool.stats());
    this.#monitor?.order({ type: 'pools', pools: pools.map(({ name, queue, workers, tasks }) => ({ name, queue, workers, tasks })) });
  }

  async #stop(): Promise<void> {
    // First the order: to let go takes a while where the profiler is on, and is no stall.
    const stopped = this.#monitor?.stop();
    this.#release();
    await stopped;
    this.#monitor = undefined;
    this.#giveUpSettling();
    this.#ready.resolve({ capture: this.#capture });
  }

  /** At the end of the process: the monitor says its last, and lets go of the inspector, which would be waited for. */
  #end(): void {
    if (this.#monitor !== undefined) {
      this.#board.raise('exiting');
      this.#board.waitFor('done', LAST_WORDS);
      this.#monitor.readNews();
    }
    this.#release();
  }

  #release(): void {
    process.off('exit', this.#atExit);
    this.#heartbeat.stop();
    clearInterval(this.#poolTimer);
    probes.delete(this.#id);
    this.#probe.stop();
  }
}

const noInspector = '--permission refuses the inspector (--allow-inspector allows it, where this Node has that flag)';

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code === 'ERR_ACCESS_DENIED' ? '--permission refuses worker threads (--allow-worker allows them)' : message ?? String(error);
}
