import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Files that replace modules, timers or globals of their process, or ask what it has loaded, and so need one of their own. */
const ALONE = [
  'schema/plan/warm-up.test.ts',
  'schema/registry.test.ts',
  'sources/ai/ai-sdk/load-package.test.ts',
  'sources/ai/ai-sdk/part-reader.test.ts',
  'sources/upstream/resilience/bulkhead.test.ts',
  'sources/upstream/resilience/discovery.test.ts',
  'sources/upstream/resilience/health-checks.test.ts',
  'sources/upstream/resilience/hedge.test.ts',
  'sources/upstream/resilience/interleavings.test.ts',
  'sources/upstream/resilience/resilience.test.ts',
  'sources/upstream/resilience/retries.test.ts',
  'sources/upstream/resilience/share-reads.test.ts',
  'src/http/graphiql.test.ts',
  'src/identity/revocations.test.ts',
  'src/lifetimes.test.ts',
  'src/reload.test.ts',
  'test/e2e/resilience-network.test.ts',
];

export default defineConfig({
  resolve: {
    // Vite prefers a package's ES build, Node takes its main entry. GraphQL.js refuses schemas of its other build, so
    // tests must load the one that the dependencies load.
    alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }],
  },
  test: {
    // What waits, waits for something to happen: these end what never will, also on a machine that others use.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    // Two cores are what we promise to be quick on.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['{src,schema,sources,admin,kernel,examples,test}/**/*.test.ts'],
          exclude: ALONE,
          // A process loads a module once, not once for each file: half of the time of many is loading.
          isolate: false,
          setupFiles: ['test/utils/leave-no-trace.ts'],
        },
      },
    ],
  },
});
