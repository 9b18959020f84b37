import { heavyDocument, lightDocuments } from './documents/index.js';
import { validateDocument } from './validate-document.js';

const TARGET_MS = 2750;
const RANGE_MS = [2300, 3000];
const FIRST_GUESS = 150;
const FIRST_TRIES = 3;

/**
 * Finds how many blank lines make one validation take about two seconds on this machine. The cost grows with their
 * square, so short measurements say nearly all; a long one checks them.
 */
export function calibrate() {
  // A regular expression starts out interpreted; the service has answered thousands of orders before its first heavy one.
  const light = lightDocuments();
  for (let i = 0; i < 500; i++) light.forEach(validateDocument);

  let measured = fastest(Array.from({ length: FIRST_TRIES }, () => measure(FIRST_GUESS)));
  for (let attempt = 0; attempt < 3 && !isInRange(measured); attempt++) {
    measured = measure(Math.round(measured.blankLines * Math.sqrt(TARGET_MS / measured.ms)));
  }
  return measured;
}

// Whatever else ran on the machine can only have added to the time.
function fastest(measurements) {
  return measurements.reduce((best, next) => (next.ms < best.ms ? next : best));
}

function measure(blankLines) {
  const document = heavyDocument(blankLines);
  const startedAt = performance.now();
  validateDocument(document);
  return { blankLines, bytes: Buffer.byteLength(JSON.stringify(document)), ms: performance.now() - startedAt };
}

function isInRange({ ms }) {
  return ms >= RANGE_MS[0] && ms <= RANGE_MS[1];
}
