
import { clearTimeout, epochNow, setTimeout, sleep } from '../../node/clock.ts';
import type { PoolMetrics } from '../../shared/introspection.ts';
import { SharedState } from '../protocol/shared-state.ts';
import { ProbeStopped, ProbeClient } from './probe-client.ts';
import { now } from '../protocol/clock.ts';
import { StallLog, writeWhole } from '../report/log.ts';
import type { MonitorData, MonitorEvent, MonitorCommand } from '../protocol/messages.ts';
import { duration } from '../page/client/format.js';
import { reportPage } from '../page/html.ts';
import { metricsText, StallCounters } from '../page/metrics.ts';
import { serve, type Routes } from '../page/server.ts';
import { SELF_TEST } from '../probe/probe.ts';
import { Ranking } from '../report/ranking.ts';
import { brief } from '../unseen-stall.ts';
import type { Capture, LagStats, ReportData, Stall } from '../types.ts';
import { StallDetector } from './stall-detector.ts';

/** How long a thread that runs no JavaScript may take to end itself before it is killed, in ms. */
const ABORT_GRACE = 3000;
/** How long an answer may take that was given before the process began to end, in ms. */
const ANSWER_GRACE = 100;

export class Monitor {
  readonly #data: MonitorData;
  readonly #board: SharedState;
  readonly #prober: ProbeClient;
  readonly #log: StallLog;
  readonly #watch: StallDetector;
  readonly #ranking = new Ranking();
  readonly #counters = new StallCounters();
  readonly #since = epochNow();
  /** Stalls that the main thread has been told of, and has not counted yet. */
  readonly #uncounted = new Map<number, { stall: Stall; isSaid: boolean }>();
  #capture: Capture = { mode: 'starting' };
  #pools: PoolMetrics[] = [];
  #numbers = 0;
  /** Questions whether all has been told that are to be answered. */
  #unsettled = 0;
  #isStopped = false;
  #closePage = (): void => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(data: MonitorData) {
    this.#data = data;
    this.#board = new SharedState(data.board);
    this.#prober = new ProbeClient(data.id, data.threadId);
    this.#log = new StallLog(data.log);
    this.#watch = new StallDetector(data, {
      ...{ board: this.#board, prober: this.#prober, log: this.#log, hasIgnore: data.hasIgnore },
      emit: (stall, isSaid) => { this.#emit(stall, isSaid); },
      progress: (stall) => { this.#tellParent({ stall: brief(stall), isOver: false }); },
      abort: () => { this.#abort(); },
    });
  }

  start(): void {
    this.#data.port.on('message', (order: MonitorCommand) => { this.#obey(order); });
    this.#board.whenRaised('exiting', () => { this.#stopWhenAnswered(now() + ANSWER_GRACE); });
    // The process may have ended before this thread ran.
    if (this.#isStopped) return;
    this.#tick();
    void this.#getReady();
  }

  #tick(): void {
    this.#look();
    // What runs in this thread anyway also wakes it for the inspector's answers, which an idle worker misses.
    this.#timer = setTimeout(() => { this.#tick(); }, this.#watch.pace);
  }

  #look(): void {
    this.#watch.tick();
    // Behind the stalls that have been told.
    for (; this.#unsettled > 0 && this.#watch.isSettled; this.#unsettled--) this.#send({ type: 'settled' });
  }

  async #getReady(): Promise<void> {
    const [capture, url] = await Promise.all([this.#selfTest(), this.#servePage()]);
    if (capture?.mode === 'lag-only') await this.#firstBeat();
    if (this.#isStopped || capture === undefined) return;
    this.#capture = capture;
    if (capture.mode === 'lag-only') this.#log.notice(`no stacks can be captured, and only lag is measured: ${capture.reason ?? ''}`);
    this.#watch.canLook = capture.mode === 'live';
    this.#send({ type: 'ready', capture, url });
  }

  /**
   * Proves once that the main thread can be asked. It warms the inspector up, too, which takes up to 120 ms on Node 24.
   * Undefined when the watchdog was stopped meanwhile.
   */
  async #selfTest(): Promise<Capture | undefined> {
    if (this.#data.refusal !== undefined) return { mode: 'lag-only', reason: this.#data.refusal };
    try {
      const { frames } = await this.#prober.look(SELF_TEST);
      return Array.isArray(frames) ? { mode: 'live' } : { mode: 'lag-only', reason: 'the main thread gave no stack' };
    } catch (error) {
      return error instanceof ProbeStopped ? undefined : { mode: 'lag-only', reason: reasonOf(error) };
    }
  }

  /** Nothing is measured before it, and what is said to be ready must measure. A look is a sign of life as well. */
  async #firstBeat(): Promise<void> {
    while (this.#board.get('alive') === 0 && !this.#isStopped) await sleep(this.#data.interval / 4);
  }

  async #servePage(): Promise<string | undefined> {
    const { page } = this.#data;
    if (page === undefined) return undefined;
    try {
      const { url, server } = await serve(this.#routes(), page);
      this.#closePage = () => { server.close(); server.closeAllConnections(); };
      this.#log.notice(`the watchdog's page is on ${url}`);
      return url;
    } catch (error) {
      this.#log.notice(`the watchdog's page cannot be served on ${page.host}:${page.port}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  #routes(): Routes {
    return {
      '/': () => ({ type: 'text/html', body: reportPage(this.#report(), { live: true }) }),
      '/report.json': () => ({ type: 'application/json', body: JSON.stringify({ ...this.#report(), stuck: this.#stuck() }) }),
      '/health': () => this.#health(),
      '/metrics': () => ({
        type: 'text/plain; version=0.0.4',
        body: metricsText(this.#board, this.#counters, this.#pools, this.#watch.stuck?.forMs ?? 0, this.#capture),
      }),
    };
  }

  #health(): ReturnType<Routes[string]> {
    const stuck = this.#stuck();
    const [status, body] = this.#board.get('alive') === 0 ? [503, { status: 'starting' }] as const
      : stuck === null ? [200, { status: 'ok' }] as const
      : this.#watch.isExpected ? [200, { status: 'expected block', forMs: Math.round(stuck.forMs) }] as const
      // Whose request it was is for the page: who may ask for the health need not see that.
      : [503, { status: 'stuck', since: stuck.since, forMs: Math.round(stuck.forMs), where: stuck.where, kind: stuck.kind }] as const;
    return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
  }

  #stuck() {
    const { stuck } = this.#watch;
    if (stuck === undefined) return null;
    const { culprit, kind, context } = stuck.stall ?? {};
    const where = culprit === undefined ? undefined : `${culprit.function} (${culprit.file}:${culprit.line}:${culprit.column})`;
    return { since: stuck.since, forMs: stuck.forMs, where, kind, context };
  }

  #report(): ReportData {
    return {
      ...{ since: this.#since, until: epochNow(), capture: this.#capture },
      ...this.#ranking.toJSON(),
      expected: this.#board.expected,
      lag: this.#lag(),
    };
  }

  /** As the buckets tell it; the main thread's own histogram is finer. */
  #lag(): LagStats {
    const [count, max] = [this.#board.get('lagCount'), this.#board.get('lagMax')];
    return { count, mean: count === 0 ? 0 : this.#board.get('lagSum') / count, p50: this.#board.lagPercentile(0.5), p99: this.#board.lagPercentile(0.99), max };
  }

  #emit(stall: Stall, isSaid: boolean): void {
    this.#tellParent({ stall: brief(stall), isOver: true });
    this.#uncounted.set(++this.#numbers, { stall, isSaid });
    this.#send({ type: 'stall', number: this.#numbers, stall });
  }

  #obey(order: MonitorCommand): void {
    if (order.type === 'count') this.#count(order.number);
    else if (order.type === 'pools') this.#pools = order.pools;
    else if (order.type === 'settle') this.#settle();
    else this.#stop();
  }

  #settle(): void {
    this.#unsettled++;
    this.#look();
  }

  #count(number: number): void {
    const uncounted = this.#uncounted.get(number);
    if (uncounted === undefined) return;
    const { stall, isSaid } = uncounted;
    this.#uncounted.delete(number);
    if (!isSaid) this.#log.ended(stall, false, now());
    this.#ranking.add(stall);
    this.#counters.add(stall);
  }

  /** `offloop run` counts by itself: the process may be killed in the middle of a stall. */
  #tellParent(line: { stall: Stall; isOver: boolean }): void {
    if (this.#data.tellTo !== undefined) writeWhole(this.#data.tellTo, `${JSON.stringify(line)}\n`);
  }

  #send(news: MonitorEvent): void {
    this.#data.port.postMessage(news);
  }

  /** The answer to the last question may be on its way: where a native call has just returned, it tells which. */
  #stopWhenAnswered(latest: number): void {
    if (this.#watch.isAsking && now() < latest) setTimeout(() => { this.#stopWhenAnswered(latest); }, 1);
    else this.#stop();
  }

  /** The end of the process waits for this, for a moment. */
  #stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#prober.end();
    this.#watch.flush();
    this.#watch.stop();
    this.#closePage();
    this.#data.port.close();
    this.#board.raise('done');
  }

  /** JavaScript can be interrupted to end the process with a code of ours; of native code only a signal makes an end. */
  #abort(): void {
    this.#log.notice(`the event loop has been stuck for ${duration(this.#watch.stuck?.forMs ?? 0)}, longer than \`abortAfter\` allows: the process ends`);
    this.#watch.giveUp();
    this.#prober.disconnect();
    const kill = (): boolean => process.kill(process.pid, 'SIGKILL');
    if (this.#capture.mode !== 'live') { kill(); return; }
    setTimeout(kill, ABORT_GRACE);
    this.#prober.exit(70).catch(kill);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ERR_INSPECTOR_NOT_AVAILABLE') return 'this build of Node has no inspector';
  // A stack comes with the message of what was thrown on the other side.
  return (message ?? String(error)).split('\n', 1)[0]!;
}
