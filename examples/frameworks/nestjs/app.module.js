import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { ClsModule } from 'nestjs-cls';
import { PrimesController } from './primes.controller.js';

export class AppModule {}

Module({
  imports: [
    ClsModule.forRoot({
      global: true,
      middleware: {
        mount: true,
        generateId: true,
        idGenerator: (req) => req.get('x-request-id') ?? randomUUID(),
        // The header stands for the user that your authentication finds.
        setup: (cls, req) => cls.set('user', req.get('x-user')),
      },
    }),
  ],
  controllers: [PrimesController],
})(AppModule);
