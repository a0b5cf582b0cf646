import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import typescript from 'typescript-eslint';

const GLOBALS = [
  'AbortController',
  'AbortSignal',
  'FinalizationRegistry',
  'SharedArrayBuffer',
  'URL',
  'WeakRef',
  'clearInterval',
  'clearTimeout',
  'console',
  'fetch',
  'globalThis',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'structuredClone',
];

export default defineConfig(
  { ignores: ['**/dist/', '**/packages/', '**/target/'] },
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: Object.fromEntries(GLOBALS.map((name) => [name, 'readonly'])) },
    rules: {
      'no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'prefer-const': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/lib/**/*.ts', '**/lib/**/*.mts'],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A listener may return a promise: the Lease is not released before it has settled.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      eqeqeq: 'error',
    },
  },
);
