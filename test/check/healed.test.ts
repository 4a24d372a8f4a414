// After everything was to have healed: what counts as healed, from when, and of whom it is asked.

import { describe, expect, test } from 'vitest';
import type { HealthRecord, HistoryRecord, LogRecord } from '../../src/check/history.ts';
import { judge } from '../../src/check/judge.ts';
import { message, put, Recording } from './recording.ts';

const judgesOf = (records: readonly HistoryRecord[]) =>
  judge(records).violations.map(({ judge: by }) => by);

const UNTIL = 1_000;

/** A cluster that has to be healed at `UNTIL`; the clock stands at `now`. */
function healing(now: number, nodes?: readonly string[]): Recording {
  const run = new Recording(nodes);
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
    const run = healing(now);
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

  test('name the same epochs', () => {
    const run = new Recording();
    run.write(message('one'));
    run.write(message('two'));
    const later = ended(run, 'n3', ({ entries }) => ({
      entries: entries.map((entry) => (entry.index === 2 ? { ...entry, epoch: 2 } : entry)),
    }));
    expect(later).toEqual(['converges']);
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
});
