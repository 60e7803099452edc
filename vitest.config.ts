import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutate } from './test/mutations/mutations.mjs';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests run against the sources, so that a test never sees a stale build. */
const alias = [
  { find: /^@convoke\/runtime$/, replacement: source('runtime/src/index.ts') },
  { find: /^@convoke\/runtime\/codegen$/, replacement: source('runtime/src/codegen.ts') },
  { find: /^@convoke\/runtime\/group$/, replacement: source('runtime/src/group/index.ts') },
  {
    find: /^@convoke\/runtime\/opentelemetry$/,
    replacement: source('runtime/src/opentelemetry/index.ts'),
  },
  { find: /^@convoke\/runtime\/services$/, replacement: source('runtime/src/services/index.ts') },
  { find: /^@convoke\/runtime\/testing$/, replacement: source('runtime/src/testing/index.ts') },
  { find: /^@convoke\/runtime\/transport$/, replacement: source('runtime/src/messages/index.ts') },
  { find: /^@convoke\/compiler$/, replacement: source('compiler/src/index.ts') },
];

const { MUTATION } = process.env;

const project = (name: string, include: string[], testTimeout: number) => ({
  resolve: { alias },
  plugins: MUTATION === undefined ? [] : [mutate(MUTATION)],
  test: {
    name,
    include,
    testTimeout,
    hookTimeout: testTimeout,
    exclude: ['**/fixtures/**', '**/golden/**', '**/node_modules/**', '**/dist/**'],
  },
});

export default defineConfig({
  test: {
    projects: [
      project(
        'unit',
        [
          'test/compiler/**/*.test.ts',
          'test/runtime/**/*.test.ts',
          'test/docs/**/*.test.ts',
          'test/fuzz/**/*.test.ts',
          'test/interop/**/*.test.ts',
        ],
        60_000,
      ),
      project('simulation', ['test/simulation/**/*.test.ts'], 120_000),
      project('processes', ['test/processes/**/*.test.ts'], 120_000),
      project('soak', ['test/soak/**/*.test.ts'], 3_600_000),
    ],
  },
});
