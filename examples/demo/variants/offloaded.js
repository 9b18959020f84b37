import { offload } from 'offloop';
import { validateDocument } from '../validate-document.js';

export const validate = offload(import.meta, validateDocument);
