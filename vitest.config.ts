import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Under vitest graphql 16 would be loaded twice (ESM for the tests, CommonJS for the libraries): "another module or
  // realm".
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Most of the suite waits for something; vitest's own choice on two cores would be one file at a time.
    maxWorkers: 2,
    // These end a hang, and measure nothing.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // A machine that stands still for seconds breaks a test that measures time. vitest names each second run.
    retry: 1,
    expect: { poll: { timeout: 30_000 } },
  },
})
