import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

import { boundClock } from './eslint.clock.js';
import { importDirections } from './eslint.imports.js';

export default defineConfig(
  globalIgnores(['dist/', '.nodes/', 'bench/results/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: 'tsconfig.source.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `any` may be written where variance needs it (`Carried<any>`); the no-unsafe rules still forbid the use of an `any` value.
      '@typescript-eslint/no-explicit-any': 'off',
      // Only the caller can give some type arguments: `pool.tasks<typeof import('./image.js')>(url)`.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // `async` without `await` is used to turn a throw into a rejection.
      '@typescript-eslint/require-await': 'off',
      // A task may throw any value, and an abort rejects with `signal.reason`: both values are passed on unchanged.
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      // With noUncheckedIndexedAccess an element that was just checked needs an assertion, and `!` asserts less than `as`.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Options declare callbacks as methods, for bivariant parameters, and the code destructures options.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // The compiler accepts a `switch` without a case for a new notice or a new kind, where the `switch` returns nothing.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // `() => emitter.close()` reads better than a block.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `.catch(() => {})` and a no-op default need no comment.
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions'] }],
      // These two rules are slow, since they ask for the type of every assigned value; this code has no enum, and few classes.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // As for the compiler, an underscore marks a name that a signature requires.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  importDirections(importX),
  boundClock,
  {
    files: ['test/**/*.ts'],
    rules: {
      // Fixtures are plain JavaScript, so many of their exports have the type `any`.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // Users throw strings and null, so the tests do, too.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  {
    // Type tests are compiled and never run.
    files: ['test/types/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-unused-vars': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    // The globals of the Node that runs ESLint, which is the oldest supported one.
    languageOptions: {
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }] },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly', __filename: 'readonly' } },
  },
  {
    // Fixtures spin, hang and swallow on purpose.
    files: ['test/fixtures/**/*.{js,mjs,cjs}'],
    rules: { 'no-empty': 'off', 'no-constant-condition': 'off' },
  },
);
