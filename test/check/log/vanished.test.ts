// A value that a page had shown, or that is promised, and that a later page lacks: only a later
// operation on its key can have taken it out of the log.

import { describe, expect, test } from 'vitest';
import type { HistoryRecord, LogRecord, WriteRecord } from '../../../src/check/history/history.ts';
import { judge } from '../../../src/check/judge.ts';
import { message, put, Recording, remove } from '../recording.ts';

const violationsOf = ({ records }: Recording) => judge(records).violations;
const OPEN = { outcome: 'unknown', return: null } as const;

/** A node (n2) has shown a message, and a value that nobody was told is stored. */
function shown(value = put('k', '1'), node = 'n2'): Recording {
  const run = new Recording();
  run.write(message('one'));
  run.write(value, { outcome: 'unknown' });
  run.write(message('two'));
  run.read(node, { commitIndex: 1 });
  return run;
}

/** A node shows its log without what stands at this index. */
function lacking(run: Recording, node: string, index = 2, more: Partial<LogRecord> = {}): void {
  const rest = run.log.filter((entry) => entry.index !== index);
  run.read(node, { commitIndex: 1, ...more }, rest);
}

describe('a page lacks a value that one before it showed', () => {
  test('which is the shortest of such histories', () => {
    const run = new Recording(['n1']);
    run.records.length = 0;
    run.write(put('k', '1'), { outcome: 'unknown' });
    run.write(message('one'));
    run.read('n1');
    expect(violationsOf(run)).toEqual([]);
    lacking(run, 'n1', 1);
    expect(judge(run.records).violations).toEqual([
      {
        judge: 'never back',
        sentence:
          'n1 showed put "k" = "1" at index 1 (record 3), and then shows what is behind it ' +
          'without it (record 4), and nothing that had been asked for on the key by then can ' +
          'have superseded it.',
        records: [3, 4],
      },
    ]);
  });

  test.each(['local', 'majority', 'linearizable'] as const)('to a %s read', (read) => {
    const node = read === 'linearizable' ? 'n1' : 'n2';
    const run = shown(undefined, node);
    lacking(run, node, 2, { read, commitIndex: 3 });
    expect(violationsOf(run)).toMatchObject([{ judge: 'never back', records: [9, 10] }]);
  });

  const LATER: readonly (readonly [string, Partial<WriteRecord>, boolean])[] = [
    ['stored behind it', { first: 4, last: 4 }, true],
    ['said to be before it, and promised to nobody', { ...OPEN, first: 1, last: 1 }, true],
    ['asked for in time, and never answered', OPEN, true],
    ['refused', { outcome: 'refused' }, false],
  ];

  test.each(LATER)('and another value was %s', (_, answer, explains) => {
    const run = shown();
    const call = run.tick();
    lacking(run, 'n2');
    // Its record comes last: nobody knows of it before.
    run.write(put('k', '2'), { call, ...answer });
    expect(violationsOf(run).length).toBe(explains ? 0 : 1);
  });

  test.each(['n2', 'n3'])('and %s lacks it again when that may have been superseded', (node) => {
    const run = shown();
    lacking(run, 'n2');
    run.write(put('k', '2'), OPEN);
    lacking(run, node);
    expect(violationsOf(run)).toMatchObject([{ judge: 'never back', records: [9, 10] }]);
  });

  test('and what supersedes it had been asked for twice, and stored before it as well', () => {
    const run = new Recording();
    run.write(put('k', '2'));
    run.write(put('k', '1'), { outcome: 'unknown' });
    run.write(put('k', '2'), OPEN);
    run.write(message('one'));
    run.read('n2', { commitIndex: 1 });
    lacking(run, 'n2');
    expect(violationsOf(run)).toEqual([]);
  });

  test('and another value, or a removal, was asked for afterwards', () => {
    for (const later of [put('k', '2'), remove('k')]) {
      const run = shown();
      lacking(run, 'n2');
      run.write(later, OPEN);
      expect(violationsOf(run)).toMatchObject([{ judge: 'never back', records: [9, 10] }]);
    }
  });

  test('and what was asked for on the key before stands before it', () => {
    for (const outcome of ['ok', 'unknown'] as const) {
      const run = new Recording();
      run.write(put('k', '0'), { outcome });
      run.write(put('k', '1'), { outcome: 'unknown' });
      run.write(message('one'));
      run.read('n2');
      lacking(run, 'n2', 2, { commitIndex: 3 });
      expect(violationsOf(run)).toMatchObject([{ judge: 'never back' }]);
      // What has been lost since may have stood elsewhere.
      run.node('n3', 'wipe');
      expect(violationsOf(run)).toEqual([]);
    }
  });

  test('and what was asked for on the key after it stands before it', () => {
    const run = new Recording();
    const call = run.tick();
    run.write(put('k', '2'));
    run.write(put('k', '1'), { call, outcome: 'unknown' });
    run.write(message('one'));
    run.read('n2', { commitIndex: 1 });
    expect(violationsOf(run)).toEqual([]);
    lacking(run, 'n2');
    expect(violationsOf(run)).toMatchObject([{ judge: 'never back' }]);
  });

  test('and a request for the same is under way, a second one or the first one again', () => {
    for (const [key, explains] of [
      ['other', true],
      ['mine', false],
    ] as const) {
      const run = new Recording();
      run.write(put('k', '1'), { outcome: 'unknown', idempotencyKey: 'mine' });
      run.write(message('one'));
      run.read('n2', { commitIndex: 0 });
      run.write(put('k', '1'), { ...OPEN, idempotencyKey: key });
      lacking(run, 'n2', 1, { commitIndex: 0, lastIndex: 2 });
      expect(violationsOf(run).length).toBe(explains ? 0 : 1);
    }
  });

  test('in another life, on another node, or asked for before the other was heard', () => {
    const run = shown();
    lacking(run, 'n3');
    const [page] = run.records.splice(-2, 1);
    const { call } = page as LogRecord;
    run.records.push({ ...(page as LogRecord), return: run.tick() });
    lacking(run, 'n2', 2, { call });
    run.node('n2', 'crash');
    run.start('n2');
    lacking(run, 'n2');
    expect(violationsOf(run)).toEqual([]);
  });

  test('in a later epoch, whose log need not have it', () => {
    const run = shown();
    run.lead('n3');
    lacking(run, 'n2');
    run.write(message('new'), { acks: ['n3', 'n1'] });
    lacking(run, 'n2');
    lacking(run, 'n2');
    expect(violationsOf(run)).toEqual([]);
    run.read('n2');
    lacking(run, 'n2', 2, { commitIndex: 4 });
    expect(violationsOf(run)).toMatchObject([{ judge: 'never back' }]);
  });

  test('and the node may start over', () => {
    const run = shown();
    run.node('n2', 'leave');
    run.node('n2', 'join');
    lacking(run, 'n2');
    expect(violationsOf(run)).toEqual([]);
  });

  test('a removal stays, whether anything is left that it would have to remove or not', () => {
    const run = shown(remove('k'));
    lacking(run, 'n2');
    expect(violationsOf(run)).toMatchObject([{ judge: 'never back' }]);
  });

  test('behind more of what was superseded than a page has entries', () => {
    const run = new Recording();
    for (let i = 0; i < 1_500; i += 1) run.write(put('k', String(i)), { w: 1 });
    run.write(put('other', '1'), { outcome: 'unknown' });
    for (let i = 0; i < 600; i += 1) run.write(message(`m${i}`), { w: 1 });
    run.read('n2', { commitIndex: 0 });
    const rest = (from: number) => run.log.filter(({ index }) => index >= from);
    run.read('n2', { commitIndex: 0 }, rest(1_500));
    expect(violationsOf(run)).toEqual([]);
    run.read('n2', { commitIndex: 0 }, [...rest(1_500).slice(0, 1), ...rest(1_502)]);
    expect(violationsOf(run)).toMatchObject([{ judge: 'never back' }]);
  });
});

describe('a page lacks a value that was acknowledged', () => {
  function stored(): Recording {
    const run = new Recording();
    run.write(put('k', '1'));
    run.write(message('one'));
    return run;
  }

  test('on a node that never showed it', () => {
    const run = stored();
    lacking(run, 'n3', 1);
    expect(violationsOf(run)).toMatchObject([{ judge: 'never back', records: [6, 8] }]);
    run.records.pop();
    const call = run.tick();
    lacking(run, 'n3', 1);
    run.write(put('k', '2'), { call, first: 3, last: 3 });
    expect(violationsOf(run)).toEqual([]);
  });

  test('on a node that has left, and goes on showing what it had', () => {
    const run = stored();
    run.node('n3', 'leave');
    lacking(run, 'n3', 1);
    expect(violationsOf(run)).toEqual([]);
  });

  test('and was lost with all that had it, or may be another operation of another epoch', () => {
    const lost = stored();
    lacking(lost, 'n3', 1);
    for (const node of lost.nodes) lost.node(node, 'wipe');
    expect(violationsOf(lost)).toEqual([]);
    const other = stored();
    other.read('n1', {}, [{ index: 1, epoch: 0, operation: put('j', '1') }]);
    other.write(put('j', '1'), OPEN);
    lacking(other, 'n3', 1);
    expect(violationsOf(other).map(({ records }) => records)).not.toContainEqual([6, 9]);
  });

  test('and was lost since, so that another key’s value stands there now', () => {
    const run = stored();
    lacking(run, 'n3', 1, { commitIndex: 0 });
    for (const node of run.nodes) run.node(node, 'wipe');
    run.log.length = 0;
    run.lead('n1');
    run.write(put('j', '1'), { w: 'all' });
    run.write(message('two'), { w: 'all' });
    expect(violationsOf(run)).toEqual([]);
  });

  test('where an arbiter has forgotten, of which nobody knows whom it appoints', () => {
    const run = new Recording();
    run.node('arbiter', 'start', { sized: true });
    run.node('arbiter', 'wipe');
    run.write(put('k', '1'), { w: 'all' });
    run.write(message('one'), { w: 'all' });
    lacking(run, 'n3', 1);
    expect(violationsOf(run)).toEqual([]);
  });
});

describe('a page of the latest epoch lacks what nobody had heard of', () => {
  /** n3 shows its log without what stands first there, whose request ends later. */
  function early(operation = message('late')): Recording {
    const run = new Recording();
    const call = run.tick();
    run.grow(operation, message('one'));
    lacking(run, 'n3', 1, { commitIndex: 0 });
    run.log.length = 0;
    run.write(operation, { call });
    run.write(message('one'), { call });
    return run;
  }

  test.each([message('late'), put('k', '1'), remove('k')])('and is stored: %o', (operation) => {
    expect(violationsOf(early(operation))).toMatchObject([
      { judge: 'never back', records: [6, 7] },
    ]);
  });

  test('and may have been superseded', () => {
    const run = early(put('k', '1'));
    expect(violationsOf(run)).toHaveLength(1);
    run.write(put('k', '2'), { call: 5 });
    expect(violationsOf(run)).toEqual([]);
  });

  test('though another master leads since', () => {
    const run = early();
    run.lead('n3');
    expect(violationsOf(run)).toMatchObject([{ judge: 'never back' }]);
  });

  test('but not if it is of an earlier one, or nothing is promised there', () => {
    const earlier = early();
    const role = earlier.records[3]!;
    earlier.records.splice(5, 0, { ...role, at: 5, epoch: 2 } as HistoryRecord);
    expect(violationsOf(earlier)).toEqual([]);
    const open = early();
    for (const i of [6, 7]) {
      open.records[i] = { ...(open.records[i] as WriteRecord), outcome: 'unknown', acks: [] };
    }
    expect(violationsOf(open)).toEqual([]);
  });

  test('nor if a node has lost its memory since, or has left and may start over', () => {
    const run = early();
    run.node('n2', 'wipe');
    run.node('n2', 'start');
    expect(violationsOf(run)).toEqual([]);
    const back = early();
    const at = { type: 'node', at: 5, node: 'n3', life: 'n3-1' } as const;
    back.records.splice(5, 0, { ...at, event: 'leave' }, { ...at, event: 'join' });
    expect(violationsOf(back)).toEqual([]);
  });
});
