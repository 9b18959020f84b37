import { restore } from 'offloop';
import { describeRequest } from './describe-request.js';

/** The function that piscina or tinypool calls. */
export default function work({ carrier, order }) {
  return restore(carrier, () => describeRequest(order));
}
