import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The answer of a path. */
interface Answer {
  readonly status?: number;
  readonly type: 'text/html' | 'application/json' | 'text/plain; version=0.0.4';
  readonly body: string;
}

export type Routes = Readonly<Record<string, () => Answer>>;

/**
 * Serves the routes from this thread. No request changes anything: only GET and HEAD are answered.
 * @returns the server, once it listens
 * @throws what `listen` does: EADDRINUSE, EACCES …
 */
export async function serve(routes: Routes, { port, host }: { port: number; host: string }): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    answer(routes, host, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const { port: listens } = server.address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${listens}/`, server };
}

function answer(routes: Routes, host: string, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split('?', 1)[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') { send(response.setHeader('allow', 'GET, HEAD'), plain(405, 'Only GET and HEAD.\n')); return; }
  if (isLoopback(host) && !isLoopback(hostname(request.headers.host))) { send(response, plain(403, 'Use the name localhost in the URL.\n')); return; }
  send(response, route?.() ?? plain(404, `The paths are: ${Object.keys(routes).join(', ')}\n`));
}

function send(response: ServerResponse, { status = 200, type, body }: Answer): void {
  response.writeHead(status, {
    'content-type': type.startsWith('text/plain') ? type : `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  });
  response.end(body);
}

function plain(status: number, body: string): Answer {
  return { status, type: 'text/plain; version=0.0.4', body };
}

/** Whether the name is this machine's own. A foreign page can have its own name point to 127.0.0.1 ("DNS rebinding"), and the browser then sends that name. */
function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

function hostname(header: string | undefined): string {
  return (header ?? '').toLowerCase().replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
}
