/**
 * The folder of offloop's own code, by which its frames in a stack are recognised. This file therefore lies at the top of `src`; in `dist`
 * all chunks lie in one folder.
 */
export const home = new URL('.', import.meta.url);
