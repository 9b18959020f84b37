import { defineConfig } from 'vitest/config';

const root = import.meta.dirname.replaceAll('\\', '/').replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

export default defineConfig({
  test: {
    // The watchdog's page imports its style sheet as text, and Vitest empties CSS by default.
    css: true,
    include: ['test/**/*.test.ts'],
    // Workers load a task's module natively. If Vite transformed the module here, it would be another module, with another URL.
    server: { deps: { external: [new RegExp(`^${root}/(dist|test/fixtures)/`)] } },
    pool: 'forks',
    setupFiles: process.env.EXPECT_RUNTIME ? ['.ci/expect-runtime.js'] : [],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
