import { defineConfig } from 'tsup';

// One line per subpath of package.json's "exports".
const subpaths = {
  entry: {
    index: 'src/index.ts',
  },
};

export default defineConfig({
  entry: { ...subpaths.entry, entry: 'src/worker/entry.ts' },
  dts: subpaths,
  format: 'esm',
  target: 'node20',
  platform: 'node',
  // Entries and shared chunks lie side by side, so `new URL('./entry.js', import.meta.url)` holds in each of them.
  outDir: 'dist',
  // Copied as it is: what Node is told to `--require` is CommonJS.
  publicDir: 'src/worker/static',
  splitting: true,
  clean: true,
  silent: true,
  external: ['tinypool'],
  // By default tsup strips `node:`, which breaks the built-ins that exist only with it.
  removeNodeProtocol: false,
});
