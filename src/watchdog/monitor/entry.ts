import { parentPort, workerData } from 'node:worker_threads';

import '../../core.ts';
import { Monitor } from './monitor.ts';
import type { MonitorData } from '../protocol/messages.ts';

// The watchdog's own thread, which goes on while the watched thread is stuck.
if (parentPort !== null) new Monitor(workerData as MonitorData).start();
