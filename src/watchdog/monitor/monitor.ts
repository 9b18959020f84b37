/*
 * monitor/ is the watching thread: it reads the heartbeat, asks the probe what the watched thread is stuck in, classifies the stall,
 * writes the log and serves the page, all while the watched thread is blocked.
 */
import { clearTimeout, epochNow, now, setTimeout, sleep } from '../../node/clock.ts';
import type { PoolMetrics } from '../../shared/pool-stats.ts';
import { duration } from '../page/client/format.js';
import { StallCounters } from '../page/metrics.ts';
import { pageRoutes, type PageSource } from '../page/routes.ts';
import { serve } from '../page/server.ts';
import type { MonitorCommand, MonitorData, MonitorEvent } from '../protocol/messages.ts';
import { SharedState } from '../protocol/shared-state.ts';
import { StallLog, writeWhole } from '../report/log.ts';
import { Ranking } from '../report/ranking.ts';
import { brief } from '../report/unseen-stall.ts';
import type { Capture, ReportData, Stall, Stuck } from '../types.ts';
import { ProbeClient } from './probe-client.ts';
import { StallDetector } from './stall-detector.ts';

/** How long a thread that runs no JavaScript may take to end itself before the process is killed, in ms. */
const ABORT_GRACE = 3000;
/** How long the monitor waits, when the process ends, for the answer to a look that was made before, in ms. */
const ANSWER_GRACE = 100;

export class Monitor implements PageSource {
  readonly sharedState: SharedState;
  readonly counters = new StallCounters();
  capture: Capture = { mode: 'starting' };
  pools: readonly PoolMetrics[] = [];
  readonly #data: MonitorData;
  readonly #probeClient: ProbeClient;
  readonly #log: StallLog;
  readonly #detector: StallDetector;
  readonly #ranking = new Ranking();
  readonly #since = epochNow();
  /** Stalls that the watched thread got, and has not counted yet. */
  readonly #uncounted = new Map<number, { stall: Stall; isLogged: boolean }>();
  #lastNumber = 0;
  /** How many `settle` commands wait for their answer. */
  #unsettled = 0;
  #isStopped = false;
  #closePage = (): void => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(data: MonitorData) {
    this.#data = data;
    this.sharedState = new SharedState(data.sharedState);
    this.#probeClient = new ProbeClient(data.id, data.threadId);
    this.#log = new StallLog(data.log);
    this.#detector = new StallDetector(data, {
      ...{ sharedState: this.sharedState, probeClient: this.#probeClient, log: this.#log, hasIgnore: data.hasIgnore },
      emit: (stall, isLogged) => { this.#emit(stall, isLogged); },
      progress: (stall) => { this.#sendToParent({ stall: brief(stall), isOver: false }); },
      abort: () => { this.#abort(); },
    });
  }

  start(): void {
    this.#data.port.on('message', (command: MonitorCommand) => { this.#onCommand(command); });
    this.sharedState.whenRaised('exiting', () => { this.#stopWhenAnswered(now() + ANSWER_GRACE); });
    // The process may have ended before this thread ran.
    if (this.#isStopped) return;
    this.#tick();
    void this.#getReady();
  }

  get stuck(): Stuck | undefined {
    return this.#detector.stuck;
  }

  get isExpected(): boolean {
    return this.#detector.isExpected;
  }

  report(): ReportData {
    return {
      ...{ since: this.#since, until: epochNow(), capture: this.capture },
      ...this.#ranking.toJSON(),
      expected: this.sharedState.expected,
      lag: this.sharedState.lag,
    };
  }

  #tick(): void {
    this.#detect();
    // Any timer of this thread also wakes the thread for the inspector's answers, which an idle worker misses.
    this.#timer = setTimeout(() => { this.#tick(); }, this.#detector.pace);
  }

  #detect(): void {
    this.#detector.tick();
    // After the stalls that were sent.
    for (; this.#unsettled > 0 && this.#detector.isSettled; this.#unsettled--) this.#send({ type: 'settled' });
  }

  async #getReady(): Promise<void> {
    const [capture, url] = await Promise.all([this.#selfTest(), this.#servePage()]);
    if (capture?.mode === 'lag-only') await this.#firstBeat();
    if (this.#isStopped || capture === undefined) return;
    this.capture = capture;
    if (capture.mode === 'lag-only') this.#log.notice(`no stacks can be captured, and only lag is measured: ${capture.reason ?? ''}`);
    this.#detector.start(capture.mode === 'live');
    this.#send({ type: 'ready', capture, url });
  }

  async #selfTest(): Promise<Capture | undefined> {
    const { inspectorRefusal } = this.#data;
    return inspectorRefusal === undefined ? this.#probeClient.selfTest() : { mode: 'lag-only', reason: inspectorRefusal };
  }

  /** Nothing is measured before the first heartbeat, and a watchdog that is `ready()` must measure. A look is a sign of life as well. */
  async #firstBeat(): Promise<void> {
    while (this.sharedState.get('alive') === 0 && !this.#isStopped) await sleep(this.#data.interval / 4);
  }

  async #servePage(): Promise<string | undefined> {
    const { page } = this.#data;
    if (page === undefined) return undefined;
    try {
      const { url, server } = await serve(pageRoutes(this), page);
      this.#closePage = () => { server.close(); server.closeAllConnections(); };
      this.#log.notice(`the watchdog's page is on ${url}`);
      return url;
    } catch (error) {
      this.#log.notice(`the watchdog's page cannot be served on ${page.host}:${page.port}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  #emit(stall: Stall, isLogged: boolean): void {
    this.#sendToParent({ stall: brief(stall), isOver: true });
    this.#uncounted.set(++this.#lastNumber, { stall, isLogged });
    this.#send({ type: 'stall', number: this.#lastNumber, stall });
  }

  #onCommand(command: MonitorCommand): void {
    switch (command.type) {
      case 'count': this.#count(command.number); break;
      case 'pools': this.pools = command.pools; break;
      case 'settle': this.#settle(); break;
      case 'stop': this.#stop();
    }
  }

  #settle(): void {
    this.#unsettled++;
    this.#detect();
  }

  #count(number: number): void {
    const uncounted = this.#uncounted.get(number);
    if (uncounted === undefined) return;
    const { stall, isLogged } = uncounted;
    this.#uncounted.delete(number);
    if (!isLogged) this.#log.ended(stall, false, now());
    this.#ranking.add(stall);
    this.counters.add(stall);
  }

  /** `offloop run` counts the stalls itself, since the process may be killed in the middle of one. */
  #sendToParent(message: { stall: Stall; isOver: boolean }): void {
    if (this.#data.parentFd !== undefined) writeWhole(this.#data.parentFd, `${JSON.stringify(message)}\n`);
  }

  #send(event: MonitorEvent): void {
    this.#data.port.postMessage(event);
  }

  /** The answer to the last look may be on its way: where a native call has just returned, the answer names the call. */
  #stopWhenAnswered(latest: number): void {
    if (this.#detector.isAsking && now() < latest) setTimeout(() => { this.#stopWhenAnswered(latest); }, 1);
    else this.#stop();
  }

  /** The end of the process waits for this, for a moment. */
  #stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#probeClient.end();
    this.#detector.flush();
    this.#detector.stop();
    this.#closePage();
    this.#data.port.close();
    this.sharedState.raise('done');
  }

  /** JavaScript can be interrupted to end the process with offloop's exit code; native code ends by a signal only. */
  #abort(): void {
    this.#log.notice(`the event loop has been stuck for ${duration(this.stuck?.forMs ?? 0)}, longer than \`abortAfter\` allows: the process ends`);
    this.#detector.abandon();
    this.#probeClient.disconnect();
    const kill = (): boolean => process.kill(process.pid, 'SIGKILL');
    if (this.capture.mode !== 'live') { kill(); return; }
    setTimeout(kill, ABORT_GRACE);
    this.#probeClient.exit(70).catch(kill);
  }
}
