import { fileURLToPath } from 'node:url';

import { home } from '../home.ts';

// A loader that maps sources shows paths instead of URLs.
const homes = [home.href, fileURLToPath(home)];

/** A line of a stack that belongs to offloop, tinypool or Node, and tells a user nothing. */
export function isOwnFrame(line: string): boolean {
  return isPoolFrame(line) || isNodeFrame(line);
}

/**
 * A stack as the user's own code would have it: without the pool's frames, and without the Node internals that called
 * the user's outermost function. Internals above that function stay: they show what the user's code called.
 */
export function userStack(stack: string): string {
  const lines = stack.split('\n').filter((line) => !isPoolFrame(line));
  while (lines.length > 1 && isNodeFrame(lines.at(-1) ?? '')) lines.pop();
  return lines.join('\n');
}

function isPoolFrame(line: string): boolean {
  // The frame that runs promise jobs stands between an async function and its caller, and tells nothing.
  return isFrame(line) && (line.includes('processTicksAndRejections') || homes.some((place) => line.includes(place)) || line.includes('/tinypool/dist/'));
}

function isNodeFrame(line: string): boolean {
  return isFrame(line) && /\bnode:/.test(line);
}

function isFrame(line: string): boolean {
  return line.startsWith('    at ');
}
