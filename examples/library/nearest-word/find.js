import { offload } from 'offloop';
import { distance } from './distance.js';
import { settingsStore } from './settings.js';

export const find = offload(import.meta, function find(word, words) {
  const { ignoreCase = false } = settingsStore.getStore() ?? {};
  const spelled = ignoreCase ? (text) => text.toLowerCase() : (text) => text;
  const ranked = words.map((candidate) => ({ candidate, steps: distance(spelled(word), spelled(candidate)) }));
  return ranked.reduce((best, next) => (next.steps < best.steps ? next : best)).candidate;
}, { name: 'nearest-word' });
