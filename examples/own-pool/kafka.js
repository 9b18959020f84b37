import { capture, restore } from 'offloop';
import { describeRequest } from './describe-request.js';

/** A header's value is bytes: JSON text, as UTF-8. */
export function sendMessage(producer, order) {
  return producer.send({ topic: 'orders', messages: [{ value: order, headers: { offloop: JSON.stringify(capture()) } }] });
}

/** `consumer.run({ eachMessage })`. A message from elsewhere has no such header: it is processed without a request. */
export async function eachMessage({ message }) {
  const header = message.headers?.offloop;
  const carrier = header === undefined ? undefined : JSON.parse(header.toString());
  return restore(carrier, () => describeRequest(message.value.toString()));
}
