import { defineConfig } from 'vitest/config';
import { LATE_PARSER } from './src/cli/compilation.ts';
import { compiled } from './test/setup/compiled.ts';
import { FRUGAL } from './test/setup/frugal.ts';
import { LongFirst } from './test/setup/long-first.ts';

// No test speaks TLS. Where this is set, each process of Node reads all certificates there are at
// its start: two thirds of the processor time of one that does nothing else, some 400 times.
delete process.env.NODE_EXTRA_CA_CERTS;

/** Real processes held against a time that leaves little room, or against each other: two files at
 * a time, with nothing else beside them. */
const TIGHT = [
  'test/process/delays.test.ts',
  'test/process/help.test.ts',
  'test/seed/operation-failed.test.ts',
];

/** Real processes held against a twentieth of a second and less: whoever runs beside them may keep
 * a master waiting for so long. */
const ALONE = ['test/seed/replicator.test.ts'];

/** Real processes that are held against times to which the contract gives room. They wait for more
 * than half of their time. */
const TIMED = [
  'test/process/health.test.ts',
  'test/process/launcher.test.ts',
  'test/seed/**/*.test.ts',
];

/** What computes for a minute or two, in processes that give way to every other: it has the time
 * that those of TIMED spend waiting. */
const CAMPAIGNS = ['test/sim/campaigns.test.ts'];

const REAL = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  execArgv: [...LATE_PARSER, ...FRUGAL],
  // A process of its own for each file took a second of processor time, thirty times.
  isolate: false,
};

export default defineConfig({
  test: {
    globalSetup: ['test/setup/no-leftovers.ts'],
    sequence: { sequencer: LongFirst },
    projects: [
      {
        // One module graph for all files: loading it anew for each took longer than most of them.
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [
            ...['test/process/**', 'test/seed/**', 'test/long/**', 'test/demos/**'],
            ...CAMPAIGNS,
          ],
          isolate: false,
          execArgv: [...FRUGAL],
          maxWorkers: 3,
          // What hangs is ended; a machine that is busy with other things is no failure.
          testTimeout: 30_000,
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Judged by what they do, not by when.
        test: {
          name: 'process',
          include: ['test/process/**/*.test.{ts,tsx}'],
          exclude: [...TIMED, ...TIGHT, ...ALONE],
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
          ...REAL,
        },
      },
      {
        test: {
          name: 'timed',
          include: TIMED,
          exclude: [...TIGHT, ...ALONE],
          // Two for these and one for the campaigns, which begin first and take about as long.
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
          ...REAL,
        },
      },
      {
        test: {
          name: 'campaigns',
          include: CAMPAIGNS,
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'tight',
          include: TIGHT,
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
          ...REAL,
        },
      },
      {
        test: {
          name: 'alone',
          include: ALONE,
          sequence: { groupOrder: 5 },
          ...REAL,
        },
      },
      {
        // On request only: larger runs, and what needs a system that `npm test` must not ask for.
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 6 },
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Every demo, on the program as it is and with its guarantee broken: some minutes.
        test: {
          name: 'demos',
          include: ['test/demos/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 7 },
          testTimeout: 180_000,
        },
      },
    ].map((project) => ({ ...project, plugins: [compiled()] })),
  },
});
