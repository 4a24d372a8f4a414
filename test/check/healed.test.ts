// After everything was to have healed: what counts as healed, from when, and of whom it is asked.

import { describe, expect, test } from 'vitest';
import type { HealthRecord, HistoryRecord, LogRecord } from '../../src/check/history/history.ts';
import { judgesOf } from './objections.ts';
import { message, put, Recording, remove } from './recording.ts';

const UNTIL = 1_000;

/** A cluster that has to be healed at `UNTIL`; the clock stands at `now`. */
function healing(now: number): Recording {
  const run = new Recording();
  run.write(message('one'));
  run.records.push({ type: 'phase', at: run.tick(), phase: 'liveness', until: UNTIL });
  run.now = now;
  return run;
}

describe('a write', () => {
  const failing = (now: number, asked: object): string[] => {
    const run = healing(now);
    const outcome = 'refused' as const;
    run.write(message('two'), { outcome, call: now, code: 'no-quorum', ...asked });
    return judgesOf(run.records);
  };

  test('has to succeed from that moment on', () => {
    expect(failing(UNTIL - 1, {})).toEqual([]);
    expect(failing(UNTIL, {})).toEqual(['converges']);
  });

  test('without an answer is no success', () => {
    expect(failing(UNTIL, { outcome: 'unknown', return: null })).toEqual(['converges']);
  });

  test('may be refused for what it asks', () => {
    for (const code of ['precondition-failed', 'too-large', 'write-concern-unsatisfiable']) {
      expect(failing(UNTIL, { code })).toEqual([]);
    }
  });
});

describe('a node', () => {
  const says = (now: number, more: Partial<HealthRecord>, left = false): string[] => {
    const run = healing(left ? now - 1 : now);
    if (left) run.node('n1', 'leave');
    run.health({ ...more, at: now });
    return judgesOf(run.records);
  };

  test('may be read-only, or without a role, before that moment, and not from then on', () => {
    for (const bad of [{ mode: 'read-only' }, { role: null, mode: null }] as const) {
      expect(says(UNTIL - 1, bad)).toEqual([]);
      expect(says(UNTIL, bad)).toEqual(['converges']);
    }
  });

  test('that left, or was removed, owes nothing', () => {
    expect(says(UNTIL, { mode: 'read-only' }, true)).toEqual([]);
    expect(says(UNTIL, { role: 'removed', mode: 'read-only' })).toEqual([]);
  });
});

test('when the history has ended, nothing has to be healthy any more', () => {
  const run = healing(UNTIL);
  run.records.push({ type: 'phase', at: run.tick(), phase: 'end' });
  run.write(message('two'), { outcome: 'refused', code: 'no-quorum' });
  run.health({ mode: 'read-only' });
  expect(judgesOf(run.records)).toEqual([]);
});

describe('final logs', () => {
  /** The final log of one node, changed. */
  function ended(run: Recording, node: string, change: (log: LogRecord) => object): string[] {
    return judgesOf(
      run
        .end()
        .map((record) =>
          record.type === 'log' && record.node === node ? { ...record, ...change(record) } : record,
        ),
    );
  }

  const dropped =
    (index: number) =>
    ({ entries }: LogRecord) => ({ entries: entries.filter((entry) => entry.index !== index) });

  test.each([message('two'), put('k', '2')])('name the same epochs: $op', (operation) => {
    const run = new Recording();
    run.write(message('one'));
    run.write(operation);
    const later = ended(run, 'n3', ({ entries }) => ({
      entries: entries.map((entry) => (entry.index === 2 ? { ...entry, epoch: 2 } : entry)),
    }));
    expect(later).toEqual(['converges']);
  });

  test.each(['n1', 'n3'])('end at the same index, if one is longer by a put only: %s', (node) => {
    const run = new Recording();
    run.write(message('one'));
    run.write(put('k', '1'), { outcome: 'unknown' });
    const end = { to: 1, lastIndex: 1, commitIndex: 1 };
    expect(ended(run, node, (log) => ({ ...dropped(2)(log), ...end }))).toContain('converges');
  });

  test('have the last index as well, and every node is looked at', () => {
    for (const node of ['n1', 'n3']) {
      const run = new Recording();
      run.write(message('one'));
      run.write(put('k', '1'), { outcome: 'unknown', first: 2, last: 2, acks: [] });
      expect(ended(run, node, dropped(2))).toContain('converges');
    }
  });

  test('one operation without an answer explains one that is missing, not two', () => {
    const missing = (count: number): string[] => {
      const run = new Recording();
      for (let times = 0; times < count; times += 1) run.write(message(`gone ${times}`), { w: 1 });
      run.records.splice(-count);
      run.write(put('k', 'open'), { outcome: 'unknown' });
      run.log.length = count;
      run.write(message('last'));
      run.log.splice(0, count);
      return judgesOf(run.end());
    };
    expect(missing(1)).toEqual([]);
    expect(missing(2)).toEqual(['converges']);
  });

  /** Of the first index, the answer said that it is a put's. Another one has had no answer. */
  function taken(said: boolean, epoch: 1 | 2): string[] {
    const run = new Recording();
    const place = said ? { first: 1, last: 1, acks: [] } : {};
    run.write(put('a', '1'), { outcome: 'unknown', ...place });
    if (epoch === 2) run.lead('n2');
    run.write(put('b', 'open'), { outcome: 'unknown' });
    run.log.pop();
    run.write(message('last'));
    run.log.splice(0, 1);
    return judgesOf(run.end());
  }

  test('lack no put whose index was told, but where another epoch may have gone on without', () => {
    expect(taken(false, 1)).toEqual([]);
    expect(taken(true, 1)).toEqual(['converges']);
    expect(taken(true, 2)).toEqual([]);
  });
});

describe('a value read after the final logs', () => {
  /** `k` has been written once or more; what follows is read or written after the final logs. */
  function over(...values: readonly string[]): Recording {
    const run = new Recording();
    for (const value of values) run.write(put('k', value));
    return run;
  }

  const read = (run: Recording): void => {
    run.end();
    run.records.pop();
  };

  test('is not there where the log ends with its removal', () => {
    const run = over('1');
    run.write(remove('k'));
    read(run);
    run.get('n3', 'k');
    expect(judgesOf(run.records)).toEqual([]);
    run.get('n3', 'k', { value: '1', index: 1 });
    expect(judgesOf(run.records.filter(isNoFinalOf('n3')))).toEqual(['converges']);
  });

  test('may be of a write that has not been answered yet', () => {
    const run = over('1');
    read(run);
    const call = run.tick();
    run.get('n2', 'k', { value: '2', index: 2 });
    run.write(put('k', '2'), { call });
    expect(judgesOf(run.records)).toEqual([]);
  });

  test('is nothing that a node owes which has left', () => {
    for (const left of [true, false]) {
      const run = over('1');
      if (left) run.node('n3', 'leave');
      run.write(put('k', '2'), { acks: ['n1', 'n2'] });
      read(run);
      run.get('n3', 'k', { value: '1', index: 1 });
      expect(judgesOf(run.records.filter(isNoFinalOf('n3')))).toEqual(left ? [] : ['converges']);
    }
  });
});

/** It is read of the other nodes. */
const isNoFinalOf = (node: string) => (record: HistoryRecord) =>
  record.type !== 'log' || record.node !== node;
