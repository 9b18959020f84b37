import { Controller, Get, Param } from '@nestjs/common';
import { log } from './log.js';
import { primesBelow } from './primes.js';

export class PrimesController {
  async count(limit) {
    const count = await primesBelow(Number(limit));
    log('answered', { limit: Number(limit) });
    return { count };
  }
}

// JavaScript has no decorators yet. In TypeScript: @Controller('primes'), @Get(':limit'), @Param('limit').
Controller('primes')(PrimesController);
Get(':limit')(PrimesController.prototype, 'count', Object.getOwnPropertyDescriptor(PrimesController.prototype, 'count'));
Param('limit')(PrimesController.prototype, 'count', 0);
