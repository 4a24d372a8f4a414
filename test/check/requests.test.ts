// Requests and what became of them: repeated, refused, in one piece.

import { describe, expect, test } from 'vitest';
import type { WriteRecord } from '../../src/check/history/history.ts';
import { Operations } from '../../src/check/operations.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

test('a key may come to another index, if its first one went to another request', () => {
  const run = new Recording();
  const open = { outcome: 'unknown', first: 1, last: 1, acks: [] } as const;
  run.write(message('one'), { ...open, idempotencyKey: 'k' });
  run.node('n1', 'crash');
  run.log.length = 0;
  run.start('n1');
  run.lead('n1');
  run.write(message('other'));
  run.grow(message('one'));
  run.write(message('one'), { idempotencyKey: 'k', first: 2, last: 2, duplicate: false });
  expect(judgesOf(run.end())).toEqual([]);
});

describe('a batch without an answer', () => {
  const batch = [message('a'), message('b'), message('c')];
  const open = { outcome: 'unknown', return: null } as const;

  /** The batch has no answer, and these of its messages are in the logs. */
  function shown(texts: readonly string[], final = ['n1', 'n2', 'n3']): string[] {
    const run = new Recording();
    run.write(message('one'));
    run.write(batch, open);
    run.log.length = 1;
    run.grow(...texts.map(message));
    const records = run.end();
    return judgesOf(
      records.map((record) =>
        record.type === 'log' && !final.includes(record.node)
          ? { ...record, entries: record.entries.slice(0, 1), to: 1, lastIndex: 1, commitIndex: 1 }
          : record,
      ),
    );
  }

  test('is in the logs as a whole, or not at all', () => {
    expect(shown([])).toEqual([]);
    expect(shown(['a', 'b', 'c'])).toEqual([]);
    expect(shown(['a', 'b'])).toEqual(['exactly once']);
    expect(shown(['a', 'c', 'b'])).toEqual(['exactly once']);
  });

  test('is looked for in the log of every node', () => {
    expect(shown(['a', 'b'], ['n3'])).toContain('exactly once');
  });

  test('may have a message that was asked for alone as well', () => {
    const run = new Recording();
    run.write(message('a'));
    run.write(batch, open);
    run.log.length = 1;
    expect(judgesOf(run.end())).toEqual([]);
  });
});

describe('a key is said to stand for another request', () => {
  /** It was asked for each of these, the first was refused. */
  function refused(...requests: readonly (readonly string[])[]): string[] {
    const run = new Recording();
    for (const [i, texts] of requests.entries()) {
      const outcome = i === 0 ? { outcome: 'refused', code: 'idempotency-key-reused' } : {};
      const asked = { idempotencyKey: 'k', outcome: 'unknown', return: null, ...outcome } as const;
      run.write(texts.map(message), asked as Partial<WriteRecord>);
    }
    return judgesOf(run.records);
  }

  test('and it does, or will', () => {
    expect(refused(['a'], ['b'])).toEqual([]);
    expect(refused(['a'], ['a', 'b'])).toEqual([]);
    expect(refused(['a'], ['b'], ['a'])).toEqual([]);
  });

  test('and only the same request had it', () => {
    expect(refused(['a'])).toEqual(['honest refusal']);
    expect(refused(['a', 'b'], ['a', 'b'])).toEqual(['honest refusal']);
  });
});

describe('never back', () => {
  test('what is shown to everybody need not be there for who asks for what is settled', () => {
    const run = new Recording();
    run.write(message('one'));
    run.write(message('two'), { w: 1 });
    run.read('n2', { commitIndex: 1 });
    run.read('n2', { read: 'majority' }, run.log.slice(0, 1));
    expect(judgesOf(run.records)).toEqual([]);
  });

  test('a node that no record introduced is held to what it showed', () => {
    const run = new Recording();
    run.write(message('one'), { w: 1 });
    run.write(message('two'), { w: 1 });
    const records = run.records.filter(({ type }) => type === 'write');
    run.records.splice(0, run.records.length, ...records);
    run.node('n2', 'resume');
    Object.assign(run.records.at(-1)!, { life: '' });
    run.read('n2');
    run.read('n2', {}, run.log.slice(0, 1));
    expect(judgesOf(run.records)).toEqual(['never back']);
  });
});

// A look at all of them for each of them would take longer than a test may.
test('a key that was used for 100,000 things is known to have been used for each', () => {
  const operations = new Operations();
  const open = new Recording().write(message('any'), { idempotencyKey: 'k', outcome: 'unknown' });
  const contents = Array.from({ length: 100_000 }, (_, i) => operations.of(message(`m${i}`)));
  for (let time = 1; time <= 2; time += 1) {
    for (const content of contents) operations.asked(open, [content], time);
  }
  expect(contents.filter((content) => operations.requests(content) !== 1)).toEqual([]);
});
