/** The folder of offloop's own code, by which its frames are known in a stack: this file lies at the top of `src`, and all chunks of `dist` lie in one folder. */
export const home = new URL('.', import.meta.url);
