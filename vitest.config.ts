import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/process/**', 'test/seed/**'],
        },
      },
      {
        // Real processes share two cores and a port space: one file at a time keeps times honest.
        test: {
          name: 'process',
          include: ['test/process/**/*.test.{ts,tsx}', 'test/seed/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
