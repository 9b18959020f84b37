import { find } from './find.js';
import { settingsStore } from './settings.js';

/**
 * The word that is spelled most like this one. Its user sees an asynchronous function, and nothing of offloop.
 *
 * @param {string} word
 * @param {readonly string[]} words
 * @param {{ signal?: AbortSignal }} options
 * @returns {Promise<string>}
 */
export async function nearest(word, words, { signal } = {}) {
  return find.with({ signal })(word, words);
}

/** What `fn` asks for is looked up with these settings, in whichever thread. */
export function withSettings(settings, fn) {
  return settingsStore.run(settings, fn);
}
