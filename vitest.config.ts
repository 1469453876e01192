import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Vite prefers a package's ES build, Node takes its main entry. GraphQL.js refuses schemas of its other build, so
    // tests must load the one that the dependencies load.
    alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }],
  },
  test: {
    include: ['{src,schema,sources,admin,kernel,examples,test}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Two cores are what we promise to be quick on.
    maxWorkers: 2,
  },
});
