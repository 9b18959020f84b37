import { capture, restore } from 'offloop';
import { describeRequest } from './describe-request.js';

/** Job data is JSON, and so is a carrier. */
export function addJob(queue, order) {
  return queue.add('order', { order, carrier: capture() });
}

/** `new Worker('orders', processJob, …)` */
export async function processJob(job) {
  return restore(job.data.carrier, () => describeRequest(job.data.order));
}
