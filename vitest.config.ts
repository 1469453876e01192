import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,schema,sources,kernel,examples,test}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Two cores are what we promise to be quick on.
    maxWorkers: 2,
  },
});
