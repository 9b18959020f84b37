// node server.js inline|offloaded [port]
import { startWatchdog } from 'offloop/watchdog';
import { createService } from './service.js';

const [variant = 'inline', port = '0'] = process.argv.slice(2);
const { validate } = await import(`./variants/${variant}.js`);

const url = await createService(validate).listen({ host: '127.0.0.1', port: Number(port) });
const { url: watchdogUrl } = await startWatchdog({ page: { port: 0 } }).ready();

if (process.send) {
  process.once('disconnect', () => process.exit());
  process.send({ url, watchdogUrl });
} else {
  console.log(`${variant}: ${url}`);
}
