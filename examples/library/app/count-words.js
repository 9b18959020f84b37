import { offload } from 'offloop';
import { requestStore } from './context.js';

export const countWords = offload(import.meta, function countWords(text) {
  return `request ${requestStore.getStore().requestId}: ${text.split(' ').length} words`;
});
