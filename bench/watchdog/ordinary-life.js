import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';

/**
 * Does what every service does: ticks, a file, a server, a client, a message. Node 20 and 22 propagate stores by code that V8
 * optimises in a process that has used only promises and timers, until it uses any other resource. Without this warm-up, the
 * candidate that is started next would be blamed for a sixth of the throughput.
 */
export async function liveOrdinarily() {
  await new Promise((resolve) => process.nextTick(resolve));
  await readFile(new URL(import.meta.url));
  await serveOnce();
  const { port1, port2 } = new MessageChannel();
  port1.postMessage('hello');
  await once(port2, 'message');
  port2.close();
}

async function serveOnce() {
  const server = http.createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await (await fetch(`http://127.0.0.1:${server.address().port}`)).text();
  server.closeAllConnections();
  server.close();
}
