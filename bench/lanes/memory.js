import { ask } from '../child.js';
import { interleave, spread } from '../measure.js';

const FEW = 2;
const MANY = 10;

/** The resident memory that each further idle worker adds to a process; a spare is a worker like every other one. */
export async function memoryPerWorker(isQuick) {
  const sample = (workers) => () => ask('lanes/idle-workers.js', [String(workers)], { execArgv: ['--expose-gc'] });
  const { few, many } = await interleave({ few: sample(FEW), many: sample(MANY) }, isQuick ? 1 : 5);
  const { median, 'middle half': half } = spread(many.map((mb, round) => (mb - few[round]) / (MANY - FEW)), 1);
  return { measured: 'memory of a spare worker', candidate: 'offloop', unit: 'MB', median, 'middle half': half };
}
