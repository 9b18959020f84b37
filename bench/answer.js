/**
 * A statement about offloop in an answer, and its limit.
 *
 * @typedef {{ what: string, value: number, unit: string, 'middle half'?: string, than?: string, atLeast?: number, atMost?: number }} Claim
 */

/**
 * @param {string} question
 * @param {object[]} rows
 * @param {Claim[]} claims
 */
export function answer(question, rows, claims) {
  return {
    question,
    rows,
    claims,
    limit: Object.fromEntries(claims.map((claim) => [claim.what, limitOf(claim)])),
    isMet: claims.every(isMet),
    verdict: claims.map((claim) => `${claim.what}: ${textOf(claim)}; ${limitOf(claim)} is wanted.`).join('\n'),
  };
}

/** Makes a claim of a row's ratio. */
export function claimOf(row, claim) {
  return { unit: '×', ...claim, value: row.ratio, 'middle half': row['middle half'] };
}

/** "11.2 × poolifier (10.9 to 11.5)". */
export function textOf({ value, unit, than, 'middle half': half }) {
  return [`${value.toLocaleString('en-US')} ${unit}`, than, half && `(${half})`].filter(Boolean).join(' ');
}

export function limitOf({ unit, atLeast, atMost }) {
  return atLeast === undefined ? `at most ${atMost} ${unit}` : `at least ${atLeast} ${unit}`;
}

export function isMet({ value, atLeast = -Infinity, atMost = Infinity }) {
  return value >= atLeast && value <= atMost;
}
