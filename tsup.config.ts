import { readFile } from 'node:fs/promises';

import { defineConfig, type Options } from 'tsup';

// One line per subpath of package.json's "exports".
const subpaths = {
  entry: {
    index: 'src/index.ts',
    watchdog: 'src/watchdog/index.ts',
    register: 'src/register/register.ts',
    otel: 'src/otel/index.ts',
    testing: 'src/testing/index.ts',
    'testing-vitest': 'src/testing/vitest.ts',
    'testing-node-test': 'src/testing/node-test.ts',
  },
};

// Resolves `import text from './style.css?raw'` to the file's text, for the watchdog's page. Vitest has this built in.
const raw: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'raw',
  setup(build) {
    build.onResolve({ filter: /[?]raw$/ }, async ({ path, resolveDir, kind }) => {
      const resolved = await build.resolve(path.slice(0, -'?raw'.length), { resolveDir, kind });
      // The query stays in the path: tsup would handle a path that ends in `.css` itself.
      return { path: `${resolved.path}?raw`, errors: resolved.errors, namespace: 'raw' };
    });
    build.onLoad({ filter: /./, namespace: 'raw' }, async ({ path }) => (
      { contents: await readFile(path.slice(0, -'?raw'.length)), loader: 'text' }
    ));
  },
};

export default defineConfig({
  entry: {
    ...subpaths.entry,
    'in-worker': 'src/in-worker.ts',
    'pool': 'src/pool/index.ts',
    'entry': 'src/worker/entry.ts',
    'monitor': 'src/watchdog/monitor/entry.ts',
    'stack-reader': 'src/pool/engines/worker-stack/stack-reader.ts',
    'cli': 'src/cli/main.ts',
    'otel-worker': 'src/otel/in-worker.ts',
    'leak-probe': 'src/testing/leak-probe.ts',
  },
  dts: subpaths,
  format: 'esm',
  target: 'node20',
  platform: 'node',
  // Entries and shared chunks lie in one folder, so `new URL('./entry.js', import.meta.url)` is right in each of them.
  outDir: 'dist',
  // Copied unchanged: the file that Node gets with `--require` is CommonJS.
  publicDir: 'src/worker/tinypool/static',
  splitting: true,
  clean: true,
  silent: true,
  external: ['tinypool', 'vitest', '@opentelemetry/api'],
  esbuildPlugins: [raw],
  // By default tsup strips the prefix `node:`, which breaks the built-ins that exist only with the prefix.
  removeNodeProtocol: false,
});
