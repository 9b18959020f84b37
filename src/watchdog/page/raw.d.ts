/** A file's text. tsup.config.ts and Vitest know this kind of import. */
declare module '*?raw' {
  const text: string;
  export default text;
}
