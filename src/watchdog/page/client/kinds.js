import { stallKinds } from '../../stall-kinds.ts';

/** `other` stands for the causes that the ranking does not keep apart. */
const KINDS = new Map([
  ...Object.entries(stallKinds),
  ['other', { meaning: 'one of the causes that were too many to keep apart', shape: stallKinds.javascript.shape }],
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
