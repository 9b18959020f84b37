/** @import { StallKind } from '../../types.ts' */

const CIRCLE = Array.from({ length: 24 }, (_, i) => [0.5 + Math.cos(i * Math.PI / 12) / 2, 0.5 + Math.sin(i * Math.PI / 12) / 2]);
const CROSS = [[0, 0.3], [0.3, 0.3], [0.3, 0], [0.7, 0], [0.7, 0.3], [1, 0.3], [1, 0.7], [0.7, 0.7], [0.7, 1], [0.3, 1], [0.3, 0.7], [0, 0.7]];

/** What each kind means, and its shape on the page: colour alone is not for everybody. Points lie between 0 and 1.
 * @type {Map<StallKind | 'other', { meaning: string, shape: number[][] }>} */
const KINDS = new Map([
  ['javascript', { meaning: 'computed, in JavaScript', shape: CIRCLE }],
  ['native', { meaning: 'computed, in one native call', shape: [[0.06, 0.06], [0.94, 0.06], [0.94, 0.94], [0.06, 0.94]] }],
  ['blocking-io', { meaning: 'waited for a file, a process or a lock', shape: [[0.5, -0.05], [1.05, 0.5], [0.5, 1.05], [-0.05, 0.5]] }],
  ['gc', { meaning: 'collected garbage', shape: [[0.5, 0], [1.05, 1], [-0.05, 1]] }],
  ['starved', { meaning: 'was ready to run, and had no CPU', shape: [[-0.05, 0], [1.05, 0], [0.5, 1]] }],
  ['suspended', { meaning: 'stood still with the whole process', shape: CROSS }],
  ['other', { meaning: 'one of the causes that were too many to keep apart', shape: CIRCLE }],
]);

export function kindMeaning(kind) {
  return KINDS.get(kind)?.meaning ?? '';
}

export function kindShape(kind) {
  return (KINDS.get(kind) ?? KINDS.get('other')).shape;
}

export function kindNames() {
  return [...KINDS.keys()];
}

export function kindOf(report, stall) {
  return report.offenders[stall.offender]?.kind ?? 'other';
}
