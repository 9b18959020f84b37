import '../core.ts';
import './flush.ts';

export { carryTrace } from './carry-trace.ts';
export type { CarryTraceOptions } from './carry-trace.ts';
export { currentTrace } from './current-trace.ts';
export type { CurrentTrace } from './current-trace.ts';
export { instrument } from './instrument.ts';
export type { InstrumentOptions } from './instrument.ts';
