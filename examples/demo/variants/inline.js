import { validateDocument } from '../validate-document.js';

export const validate = validateDocument;
