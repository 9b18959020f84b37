import { parentPort, workerData } from 'node:worker_threads';

import { Monitor } from './monitor.ts';
import type { MonitorData } from '../protocol/messages.ts';

// The watchdog's own thread: it goes on while the main thread is stuck.
if (parentPort !== null) new Monitor(workerData as MonitorData).start();
