// What may have been in either order, or of a log that is gone, is no crime.

import { describe, expect, test } from 'vitest';
import type { WriteRecord } from '../../src/check/history/history.ts';
import { judgesOf } from './objections.ts';
import { message, put, Recording, remove } from './recording.ts';

describe('a value that is back after its removal', () => {
  /** n3 says that the key has its value, none, and its value again, of a master that it has heard
   * of or not. */
  const back = (removal: Partial<WriteRecord>, later = false) => {
    const run = new Recording();
    const says = (value: string | null) =>
      run.get('n3', 'k', { value, index: value === null ? null : 1 });
    run.write(put('k', 'v'));
    if (!later) run.write(remove('k'), removal);
    run.lead('n1');
    says('v');
    says(null);
    says('v');
    if (later) run.write(remove('k'), removal);
    if (removal.outcome === 'unknown') run.log.pop();
    return judgesOf(run.end());
  };

  test('a removal that nobody was promised may have been of a log that is gone', () => {
    expect(back({ outcome: 'unknown' })).toEqual([]);
    expect(back({ outcome: 'unknown', first: 2, last: 2 })).toEqual([]);
  });

  test('one that was promised stays, and so does one that nobody had asked for yet', () => {
    expect(back({})).toEqual(['never back']);
    expect(back({ outcome: 'unknown' }, true)).toContain('never back');
  });
});

describe('a value that gives way to the one before it', () => {
  /** n3 shows what is stored only by a later attempt, and then what was there before. */
  function back(attempt: Partial<WriteRecord> | null, stored: Partial<WriteRecord> = {}): string[] {
    const run = new Recording();
    run.write(put('k', 'old'));
    if (attempt !== null) {
      run.write(put('k', 'v'), { outcome: 'unknown', ...attempt });
      run.log.pop();
      run.node('n1', 'crash');
      run.start('n1');
      run.lead('n1');
    }
    run.write(put('k', 'v'), stored);
    run.get('n3', 'k');
    run.get('n3', 'k', { value: 'old', index: 1 });
    return judgesOf(run.end());
  }

  test('may be that of an attempt that is in no log any more', () => {
    expect(back({ first: 2, last: 2 })).toEqual([]);
    expect(back({})).toEqual([]);
  });

  test('is none of another place, of the attempt that is in the log, or of the only one', () => {
    expect(back({ first: 3, last: 3 })).toContain('never back');
    expect(back({ first: 2, last: 2 }, { duplicate: true })).toContain('never back');
    expect(back(null)).toContain('never back');
  });
});

describe('a value that is gone', () => {
  const NONE = { value: null, index: null };

  /** n3 has said what the value of the key is; `leaves`: it has left since, and is back. */
  function said(leaves: boolean): Recording {
    const run = new Recording();
    run.write(put('k', 'v'));
    run.get('n3', 'k');
    if (!leaves) return run;
    run.node('n3', 'leave');
    run.node('n3', 'join');
    return run;
  }

  test('may be so on a node that has left and starts over, and is only so there', () => {
    const judged = [true, false].map((leaves) => {
      const run = said(leaves);
      run.get('n3', 'k', NONE);
      return judgesOf(run.end());
    });
    expect(judged).toEqual([[], ['linearizable']]);
  });

  test('may be so once: what the node says when it has started over stays', () => {
    const run = said(true);
    for (const more of [NONE, {}, NONE]) run.get('n3', 'k', more);
    expect(judgesOf(run.end())).toEqual(['linearizable']);
  });
});

describe('a clock that counts whole milliseconds', () => {
  test.each([
    [0, []],
    [1, ['total order']],
  ])('a write that is asked for %i ms after another was acknowledged', (later, found) => {
    const run = new Recording();
    const call = run.tick();
    run.write(message('a'), { call, return: call + 1 });
    run.write(message('b'), { call, return: call + 1 });
    // `a` was asked for later than that, and given an index before `b`.
    run.records.splice(-2, 1);
    run.write(message('a'), { call: call + 1 + later, first: 1, last: 1 });
    run.log.pop();
    expect(judgesOf(run.end())).toEqual(found);
  });

  /** n2 has shown the removal of `k`, up to the moment at which it is asked once more. */
  test.each([
    ['a value', 0, []],
    ['a value', 1, ['never back']],
    ['a page', 0, []],
    ['a page', 1, ['never back']],
  ] as const)('%s asked for %i ms after a later page came', (what, later, found) => {
    const run = new Recording();
    run.write(put('k', 'v'));
    const old = [...run.log];
    run.write(remove('k'), { outcome: 'unknown' });
    run.read('n2');
    const { now } = run;
    const more = { call: now + later, return: now + 2 };
    if (what === 'a value') run.get('n2', 'k', { value: 'v', index: 1, ...more });
    else run.read('n2', more, old);
    expect(judgesOf(run.records)).toEqual(found);
  });

  test.each([
    [0, []],
    [1, ['never back']],
  ])('an older value, asked for %i ms after a newer one came', (later, found) => {
    const run = new Recording();
    run.write(put('k', 'old'));
    run.write(put('k', 'new'));
    run.get('n3', 'k');
    const { now } = run;
    run.get('n3', 'k', { value: 'old', index: 1, call: now + later, return: now + 2 });
    expect(judgesOf(run.end())).toEqual(found);
  });

  /** Where it is missing, a put that nobody saw may have stood before, and been compacted away; and
   * what is behind it was not shown with it. */
  test.each([
    [0, []],
    [1, ['never back']],
  ])('a page without a message, asked for %i ms after one with it came', (later, found) => {
    const run = new Recording();
    run.write(put('k', 'unseen'), { outcome: 'unknown' });
    run.log.pop();
    for (const text of ['one', 'two']) run.write(message(text), { outcome: 'unknown' });
    run.read('n2', { commitIndex: 0, to: 1 });
    const { now } = run;
    const more = { call: now + later, return: now + 2, commitIndex: 0 };
    run.read('n2', more, run.log.slice(1));
    expect(judgesOf(run.records)).toEqual(found);
  });

  test.each([
    [0, []],
    [1, ['never back']],
  ])('what is compacted away, in a page asked for %i ms after one without it', (later, found) => {
    const run = new Recording();
    run.write(put('k', 'old'));
    run.write(put('k', 'new'));
    run.read('n2', {}, run.log.slice(1));
    const { now } = run;
    run.read('n2', { call: now + later, return: now + 2 });
    expect(judgesOf(run.records)).toEqual(found);
  });
});
