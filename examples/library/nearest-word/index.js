import { find } from './find.js';
import { settingsStore } from './settings.js';

/**
 * Finds the word whose spelling is nearest. Users see an asynchronous function, and nothing of offloop.
 *
 * @param {string} word
 * @param {readonly string[]} words
 * @param {{ signal?: AbortSignal }} options
 * @returns {Promise<string>}
 */
export async function nearest(word, words, { signal } = {}) {
  return find.with({ signal })(word, words);
}

/** Runs `fn` with these settings: they apply to its searches, whatever thread they run on. */
export function withSettings(settings, fn) {
  return settingsStore.run(settings, fn);
}
