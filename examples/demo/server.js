// node server.js inline|offloaded [port]
import { createService } from './service.js';

const [variant = 'inline', port = '0'] = process.argv.slice(2);
const { validate } = await import(`./variants/${variant}.js`);

const url = await createService(validate).listen({ host: '127.0.0.1', port: Number(port) });

if (process.send) {
  process.once('disconnect', () => process.exit());
  process.send({ url });
} else {
  console.log(`${variant}: ${url}`);
}
