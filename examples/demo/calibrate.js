import { heavyDocument, lightDocuments } from './documents/index.js';
import { validateDocument } from './validate-document.js';

const TARGET_MS = 2200;
const RANGE_MS = [1500, 3000];
const FIRST_GUESS = 150;

/**
 * Finds how many blank lines make one validation take about two seconds on this machine. The cost grows with their
 * square, so one short measurement says nearly all; a second one checks it.
 */
export function calibrate() {
  // A regular expression starts out interpreted; the service has answered thousands of orders before its first heavy one.
  const light = lightDocuments();
  for (let i = 0; i < 500; i++) light.forEach(validateDocument);

  let measured = measure(FIRST_GUESS);
  for (let attempt = 0; attempt < 3 && !isInRange(measured); attempt++) {
    measured = measure(Math.round(measured.blankLines * Math.sqrt(TARGET_MS / measured.ms)));
  }
  return measured;
}

function measure(blankLines) {
  const document = heavyDocument(blankLines);
  const startedAt = performance.now();
  validateDocument(document);
  return { blankLines, bytes: JSON.stringify(document).length, ms: performance.now() - startedAt };
}

function isInRange({ ms }) {
  return ms >= RANGE_MS[0] && ms <= RANGE_MS[1];
}
