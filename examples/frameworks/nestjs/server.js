// node server.js [port]
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
await app.listen(Number(process.argv[2] ?? 0), '127.0.0.1');
console.log(JSON.stringify({ url: await app.getUrl() }));
