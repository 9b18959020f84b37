import { isMainThread, threadId } from 'node:worker_threads';

import { clearInterval, epochNow, now, setInterval } from '../../node/clock.ts';
import { mayInspect } from '../../node/inspector.ts';
import { withResolvers, type PromiseWithResolvers } from '../../node/promises.ts';
import { inCleanRoot } from '../../context/root.ts';
import { OptionError } from '../../errors.ts';
import { observed } from '../../shared/introspection.ts';
import { shared } from '../../shared/shared.ts';
import { describe } from '../../validation/describe.ts';
import type { WatchdogSettings } from '../options.ts';
import { Probe, probes } from '../probe/probe.ts';
import type { MonitorEvent } from '../protocol/messages.ts';
import { ownThread } from '../protocol/scheduling.ts';
import { SharedState } from '../protocol/shared-state.ts';
import { StallLog } from '../report/log.ts';
import { unseenStall } from '../report/unseen-stall.ts';
import { createReport } from '../watchdog-report.ts';
import type { Capture, LagStats, Watchdog, WatchdogReady, WatchdogReport } from '../types.ts';
import { ExpectedBlocks } from './expected-blocks.ts';
import { Heartbeat } from './heartbeat.ts';
import { MonitorThread, whyNoThread } from './monitor-thread.ts';
import { Settling } from './settling.ts';
import { StallRecorder } from './stall-recorder.ts';

const ids = shared('watchdog ids', () => ({ last: 0 }));

/** Heartbeats are never further apart than this, in ms; four of them fit into the threshold. */
const MAX_INTERVAL = 25;
/** How long the end of the process waits for the monitor's last report, in ms. */
const LAST_REPORT_MS = 300;
/** How often the monitor gets the pools' figures for its page, in ms. */
const POOLS_EVERY = 1000;

/** The watchdog on the watched thread: starts the monitor, follows its events, and keeps the report. */
export class MainWatchdog implements Watchdog {
  readonly #settings: WatchdogSettings;
  readonly #id = ++ids.last;
  readonly #sharedState = new SharedState();
  readonly #since = epochNow();
  readonly #recorder: StallRecorder;
  readonly #heartbeat: Heartbeat;
  readonly #expected: ExpectedBlocks;
  readonly #probe: Probe;
  readonly #ready: PromiseWithResolvers<WatchdogReady> = withResolvers();
  readonly #settling = new Settling();
  readonly #atExit = (): void => { this.#end(); };
  #monitor: MonitorThread | undefined;
  #poolTimer: NodeJS.Timeout | undefined;
  #capture: Capture = { mode: 'starting' };
  #stopped: Promise<void> | undefined;

  /** @param parentFd a file descriptor that gets every stall as a line of JSON */
  constructor(settings: WatchdogSettings, parentFd: number | undefined) {
    this.#settings = settings;
    this.#recorder = new StallRecorder(settings);
    const interval = Math.min(MAX_INTERVAL, settings.threshold / 4);
    this.#probe = new Probe(this.#sharedState, settings.ignore && ((stall) => this.#recorder.ignores(stall)));
    probes.set(this.#id, this.#probe);
    this.#heartbeat = new Heartbeat(this.#sharedState, interval, settings.threshold, (since, at) => { this.#onLate(since, at); });
    this.#expected = new ExpectedBlocks(this.#sharedState, this.#heartbeat, settings.threshold);
    inCleanRoot(() => { this.#startMonitor(interval, parentFd); });
    process.on('exit', this.#atExit);
  }

  ready(): Promise<WatchdogReady> {
    // The process stays alive as long as its code waits for this promise.
    if (this.#capture.mode === 'starting' && this.#stopped === undefined) this.#monitor?.keepProcessAlive(true);
    return this.#ready.promise;
  }

  lag(): LagStats {
    return this.#heartbeat.lag();
  }

  report(): WatchdogReport {
    this.#monitor?.readEvents();
    return createReport({
      ...{ since: this.#since, until: epochNow(), capture: this.#capture },
      ...this.#recorder.ranking.toJSON(),
      expected: this.#sharedState.expected,
      lag: this.lag(),
    });
  }

  expectBlock<R>(why: string, fn: () => R): R {
    if (typeof why !== 'string' || why === '') throw new OptionError(`expectBlock(): expected the reason to be a non-empty string, got ${describe(why)}.`);
    if (typeof fn !== 'function') throw new OptionError(`expectBlock('${why}'): expected a function to run, got ${describe(fn)}.`);
    return this.#expected.run(fn);
  }

  /** Ends the block that has lasted until now, and resolves once it has been reported, if it was a stall. */
  async settle(): Promise<void> {
    this.restart();
    if (this.#monitor === undefined) return;
    const settled = this.#settling.wait();
    this.#monitor.keepProcessAlive(true);
    this.#monitor.send({ type: 'settle' });
    await settled;
  }

  /** Separates the blocks before this call from those after it: each is measured on its own. */
  restart(): void {
    const [since, at] = [this.#sharedState.get('beat'), now()];
    // Without the monitor only a late heartbeat reports a stall, and the next heartbeat will not be late.
    if (since !== 0 && at - since >= this.#settings.threshold) this.#onLate(since, at);
    this.#heartbeat.restart();
  }

  stop(): Promise<void> {
    return (this.#stopped ??= inCleanRoot(() => this.#stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #startMonitor(interval: number, parentFd: number | undefined): void {
    const { onStall: _onStall, ignore, ...settings } = this.#settings;
    const watched = { id: this.#id, sharedState: this.#sharedState.buffer, threadId: isMainThread ? 0 : threadId, thread: ownThread(), inspectorRefusal: mayInspect() ? undefined : noInspector };
    try {
      this.#monitor = new MonitorThread({ ...settings, ...watched, interval, parentFd, hasIgnore: ignore !== undefined }, {
        onEvent: (event) => { this.#onEvent(event); },
        onError: (error) => { this.#degrade(`its thread has failed: ${error.message}`); },
      });
    } catch (error) {
      this.#degrade(whyNoThread(error));
      return;
    }
    if (settings.page !== undefined) this.#poolTimer = setInterval(() => { this.#sendPools(); }, POOLS_EVERY).unref();
  }

  /** Goes on without a monitor: no one reports a stall while it lasts, but a late heartbeat still shows that there was one. */
  #degrade(reason: string): void {
    this.#monitor = undefined;
    this.#settling.resolveAll();
    const capture: Capture = (this.#capture = { mode: 'lag-only', reason });
    new StallLog(this.#settings.log).notice(`the watchdog sees stalls only when they are over, without their cause: ${reason}`);
    this.#heartbeat.whenBeating(() => { this.#ready.resolve({ capture }); });
  }

  #onLate(since: number, at: number): void {
    this.#expected.late(at - since);
    if (this.#monitor !== undefined || this.#sharedState.flag('expected') > 0) return;
    const stall = unseenStall(since, at, 'javascript');
    if (this.#recorder.record(stall)) new StallLog(this.#settings.log).ended(stall, false, at);
  }

  #onEvent(event: MonitorEvent): void {
    if (event.type === 'ready') {
      this.#capture = event.capture;
      this.#monitor?.keepProcessAlive(false);
      this.#ready.resolve({ capture: event.capture, ...(event.url !== undefined && { url: event.url }) });
    } else if (event.type === 'settled') {
      this.#settling.resolveNext();
      if (this.#settling.isEmpty) this.#monitor?.keepProcessAlive(false);
    } else if (this.#recorder.record(event.stall)) this.#monitor?.send({ type: 'count', number: event.number });
  }

  #sendPools(): void {
    const pools = [...observed.pools].map((pool) => pool.stats());
    this.#monitor?.send({ type: 'pools', pools: pools.map(({ name, queue, workers, tasks }) => ({ name, queue, workers, tasks })) });
  }

  async #stop(): Promise<void> {
    // The command goes first: the release takes a while where the profiler runs, and must not count as a stall.
    const stopped = this.#monitor?.stop();
    this.#release();
    await stopped;
    this.#monitor = undefined;
    this.#settling.resolveAll();
    this.#ready.resolve({ capture: this.#capture });
  }

  /** The process ends: the monitor makes its last report, and disconnects the inspector, for which the process would wait. */
  #end(): void {
    if (this.#monitor !== undefined) {
      this.#sharedState.raise('exiting');
      this.#sharedState.waitFor('done', LAST_REPORT_MS);
      this.#monitor.readEvents();
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
