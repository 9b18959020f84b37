/** The text of a file. A plugin in tsup.config.ts handles such an import in the build, Vitest in the tests. */
declare module '*?raw' {
  const text: string;
  export default text;
}
