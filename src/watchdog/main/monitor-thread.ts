import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';

import { withPlainPrototype } from '../../node/plain-prototype.ts';
import type { MonitorData, MonitorEvent, MonitorCommand } from '../protocol/messages.ts';

export interface MonitorListener {
  hear(news: MonitorEvent): void;
  /** The thread has ended with an error. */
  fail(error: Error): void;
}

/** The thread that watches, as the watched one holds it. It keeps no process alive. */
export class MonitorThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #listener: MonitorListener;

  /** @throws where there may be no worker: ERR_ACCESS_DENIED */
  constructor(data: Omit<MonitorData, 'port'>, listener: MonitorListener) {
    this.#listener = listener;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    try {
      this.#worker = startWorker({ ...data, port: port2 });
    } catch (error) {
      port1.close();
      throw error;
    }
    this.#worker.on('error', (error) => {
      port1.close();
      listener.fail(error);
    });
    this.#worker.unref();
    port1.on('message', (news: MonitorEvent) => { listener.hear(news); });
    port1.unref();
  }

  order(order: MonitorCommand): void {
    this.#port.postMessage(order);
  }

  /** Whether what it says next is waited for. */
  keepProcessAlive(isWanted: boolean): void {
    if (isWanted) this.#port.ref();
    else this.#port.unref();
  }

  /** What it has said, and this thread has not yet got round to hearing. */
  readNews(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#listener.hear(next.message as MonitorEvent);
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.order({ type: 'stop' });
    this.#worker.ref();
    await ended;
    this.readNews();
    this.#port.close();
  }
}

/** Without the process's own --import and --require: those are for the application. */
function startWorker(data: MonitorData): Worker {
  const entry = new URL('./monitor.js', import.meta.url);
  const options = { name: 'offloop watchdog', workerData: data, transferList: [data.port], execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } };
  return withPlainPrototype(() => new Worker(entry, options));
}
