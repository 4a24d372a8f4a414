import { defineConfig } from 'vitest/config';

/** Tests of real processes that judge times. */
const TIMED = [
  ...['dashboard', 'delays', 'health', 'launcher', 'packaging', 'waiting'].map(
    (name) => `test/process/${name}.test.ts`,
  ),
  'test/seed/**/*.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          maxWorkers: 2,
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/process/**', 'test/seed/**', 'test/long/**', 'test/demos/**'],
        },
      },
      {
        // On request only: larger runs, and what needs a system that `npm test` must not ask for.
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Real processes, judged by what they do, not by when: two files at a time.
        test: {
          name: 'process',
          include: ['test/process/**/*.test.{ts,tsx}'],
          exclude: TIMED,
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Real processes that must answer in time: one file at a time keeps times honest.
        test: {
          name: 'timed',
          include: TIMED,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Every demo, on the program as it is and with its guarantee broken: some minutes.
        test: {
          name: 'demos',
          include: ['test/demos/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
        },
      },
    ],
  },
});
