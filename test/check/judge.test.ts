// Every judge has histories that it finds illegal, and none finds a legal one so; what was not read
// decides nothing.

import { describe, expect, test } from 'vitest';
import type { HistoryRecord } from '../../src/check/history/history.ts';
import { Judge, judge } from '../../src/check/judge.ts';
import { CORRUPTED_ANSWERS } from './corrupted-answers.ts';
import { CORRUPTED_LOGS } from './corrupted-logs.ts';
import { finals, written } from './corruption.ts';
import { type Editable, legalHistory, ofType } from './legal-history.ts';
import { message, Recording } from './recording.ts';

const CORRUPTIONS = [...CORRUPTED_LOGS, ...CORRUPTED_ANSWERS];

describe('the judges', () => {
  test('a legal history is OK, and everything in it is counted', () => {
    const verdict = judge(legalHistory() as HistoryRecord[]);
    expect(verdict).toMatchObject({ verdict: 'OK', violations: [], reasons: [] });
    expect(verdict.counts).toMatchObject({ duplicates: 2, refused: 2, unknown: 3, epochs: 2 });
    expect(verdict.counts).toMatchObject({ reads: 11, gets: 7 });
  });

  test.each(CORRUPTIONS)('%s → %s', (_what, by, corrupt) => {
    const records = legalHistory();
    corrupt(records);
    const { verdict, violations } = judge(records as HistoryRecord[]);
    expect(violations.map((violation) => violation.judge)[0], violations[0]?.sentence).toBe(by);
    expect(verdict).toBe('ILLEGAL');
    expect(violations[0]!.records.length).toBeGreaterThan(0);
    expect(violations[0]!.records.length).toBeLessThanOrEqual(3);
  });

  test('every invariant has a history that breaks it', () => {
    const broken = new Set(CORRUPTIONS.map(([, by]) => by));
    expect(broken.size).toBe(13);
  });

  test('a violation is told with the record that completes it', () => {
    const records = legalHistory();
    written(records, 'one').acks = ['n2', 'n3'];
    const judging = new Judge();
    const first = records.findIndex((record) => judging.record(record as HistoryRecord) !== null);
    expect(first).toBe(records.indexOf(written(records, 'one')));
  });
});

test('what a final log contradicts is told once, by the record and at the end', () => {
  const run = new Recording();
  run.write(message('one'));
  const records = run.end();
  const other = { op: 'append', message: 'two' } as const;
  const changed = records.map((record) => {
    if (record.type !== 'log') return record;
    return { ...record, entries: record.entries.map((seen) => ({ ...seen, operation: other })) };
  });
  const sentences = judge(changed).violations.map(({ sentence }) => sentence);
  expect(sentences.length).toBeGreaterThan(1);
  expect(sentences).toEqual([...new Set(sentences)]);
});

describe('a history that cannot decide', () => {
  test('nobody read the logs at the end', () => {
    const run = new Recording();
    run.write(message('one'));
    expect(judge(run.records)).toMatchObject({ verdict: 'UNKNOWN' });
  });

  test('one of the nodes was not read, or only in part', () => {
    const records = legalHistory() as HistoryRecord[];
    const without = records.filter(({ type, ...rest }) => {
      return !(type === 'log' && 'final' in rest && (rest as { node: string }).node === 'n2');
    });
    expect(judge(without).reasons).toEqual(['n2 is up, but was not read at the end']);
    const part = legalHistory();
    const log = finals(part)[2]!;
    log.to -= 1;
    log.entries.length -= 1;
    expect(judge(part as HistoryRecord[]).reasons[0]).toMatch(/n3 was read up to/);
  });

  test('nothing was acknowledged', () => {
    const run = new Recording();
    expect(judge(run.end()).reasons).toEqual(['no write was acknowledged']);
  });
});

test('time and memory go with the length of a history, not with the indexes in it', () => {
  const far = 100_000_000;
  const run = new Recording();
  run.write(message('near'));
  run.read('n2');
  const shift = (record: HistoryRecord): HistoryRecord => {
    if (record.type === 'write') return { ...record, first: far, last: far };
    if (record.type !== 'log') return record;
    const entries = record.entries.map((entry) => ({ ...entry, index: far }));
    return { ...record, entries, from: far - 5_000, to: far, lastIndex: far, commitIndex: far };
  };
  const records = run.records.map(shift);
  const read = records.at(-1)!;
  const before = process.memoryUsage.rss();
  const verdict = judge([
    ...records,
    ...ofType([read] as Editable[], 'log').flatMap((log) => [
      { ...log, node: 'n3', life: 'n3-1' },
      { ...log, from: 1, final: true },
      { ...log, node: 'n3', life: 'n3-1', from: 1, final: true },
    ]),
  ]);
  expect(verdict.violations).toMatchObject([{ judge: 'converges' }]);
  expect(verdict.violations[0]!.sentence).toContain('index 1 is missing');
  // An array up to there takes ten times as much.
  expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
});
