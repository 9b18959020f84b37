import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';

import { withPlainPrototype } from '../../node/plain-prototype.ts';
import type { MonitorData, MonitorEvent, MonitorCommand } from '../protocol/messages.ts';

export interface MonitorListener {
  onEvent(event: MonitorEvent): void;
  /** The thread has ended with an error. */
  onError(error: Error): void;
}

/** The monitor's thread, as the watched thread sees it. The thread keeps no process alive. */
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
      listener.onError(error);
    });
    this.#worker.unref();
    port1.on('message', (event: MonitorEvent) => { listener.onEvent(event); });
    port1.unref();
  }

  send(command: MonitorCommand): void {
    this.#port.postMessage(command);
  }

  /** Whether the process stays alive until the next event. */
  keepProcessAlive(isWanted: boolean): void {
    if (isWanted) this.#port.ref();
    else this.#port.unref();
  }

  /** Handles the events that have arrived and for which this thread has not had a turn yet. */
  readEvents(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#listener.onEvent(next.message as MonitorEvent);
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.send({ type: 'stop' });
    this.#worker.ref();
    await ended;
    this.readEvents();
    this.#port.close();
  }
}

/** Why the constructor has thrown. */
export function whyNoThread(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code === 'ERR_ACCESS_DENIED' ? '--permission refuses worker threads (--allow-worker allows them)' : message ?? String(error);
}

/** Starts the thread without the process's own --import and --require, which are meant for the application. */
function startWorker(data: MonitorData): Worker {
  const entry = new URL('./monitor.js', import.meta.url);
  const options = { name: 'offloop watchdog', workerData: data, transferList: [data.port], execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } };
  return withPlainPrototype(() => new Worker(entry, options));
}
