// A stored entry stands in for the text that it was read from, or says that it cannot.

import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../src/core/operation.ts';
import { StoredEntry } from '../../../src/persistence/record/stored-entry.ts';
import { entryAt } from '../entries.ts';

/** The entry in a text, with other bytes around it. */
function stored(entry: Entry): StoredEntry | null {
  const text = JSON.stringify(entry);
  const bytes = Buffer.from(`\\"${text}\\"`);
  return StoredEntry.of(bytes, 2, 2 + Buffer.byteLength(text));
}

const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20];

describe('an entry whose message stands for itself', () => {
  test.each(LENGTHS)('is kept as its bytes, with %d characters', (length) => {
    const message = 'ä~ ü!'.repeat(5).slice(0, length);
    const entry = entryAt(7, message);
    const found = stored(entry)!;
    expect(found.message).toBe(message);
    expect(found.size).toBe(Buffer.byteLength(message));
    expect(JSON.stringify(found)).toBe(JSON.stringify(entry));
  });
});

describe('an entry with an idempotency key beside its message', () => {
  test.each(LENGTHS)('is kept as its bytes, with %d characters', (length) => {
    const message = 'ä~ ü!'.repeat(5).slice(0, length);
    for (const idempotencyKey of ['k', ' ~', 'x'.repeat(128), 'idempotencyKey', ':,{}']) {
      const entry: Entry = { ...entryAt(7, message), idempotencyKey };
      const found = stored(entry)!;
      expect(found.plain).toBe(false);
      expect([found.message, found.idempotencyKey]).toEqual([message, idempotencyKey]);
      expect(found.size).toBe(Buffer.byteLength(message));
      expect(JSON.stringify(found)).toBe(JSON.stringify(entry));
    }
  });

  test.each(['', 'x'.repeat(129), 'q"', '"', '\\', 'b\\"', 'é', '\u007f', '\n'])(
    'is parsed if the key is %j',
    (idempotencyKey) => {
      expect(stored({ ...entryAt(7, 'message'), idempotencyKey })).toBeNull();
    },
  );

  test('is parsed if anything is escaped in the message, or stands beside them', () => {
    const entry = { ...entryAt(7, 'message'), idempotencyKey: 'key' };
    for (const message of ['"', '\\', 'a\\"', '","idempotencyKey":"', '\n']) {
      expect(stored({ ...entry, message } as Entry), JSON.stringify(message)).toBeNull();
    }
    expect(stored({ ...entryAt(7, 'message'), batch: 2, idempotencyKey: 'key' })).toBeNull();
    expect(stored({ ...entry, later: 'x' } as unknown as Entry)).toBeNull();
  });
});

test('an entry without a key is plain, and has none', () => {
  const found = stored(entryAt(7, 'message'))!;
  expect([found.plain, found.idempotencyKey]).toEqual([true, undefined]);
});

test.each(['index', 'epoch'])('an entry is parsed if its %s begins with a zero', (field) => {
  const text = JSON.stringify(entryAt(7, 'message')).replace(`"${field}":`, `"${field}":0`);
  expect(StoredEntry.of(Buffer.from(text), 0, text.length)).toBeNull();
});

describe('an entry with anything escaped in its message', () => {
  test.each(LENGTHS.slice(1))('is parsed, wherever it stands in %d characters', (length) => {
    for (const special of ['"', '\\', '\n', '\u0000', '\u001f']) {
      for (let at = 0; at < length; at += 1) {
        const message = `${'x'.repeat(at)}${special}${'y'.repeat(length - at - 1)}`;
        expect(stored(entryAt(7, message)), JSON.stringify(message)).toBeNull();
      }
    }
  });

  test('is parsed if a character below a space stands there unescaped', () => {
    const text = JSON.stringify(entryAt(7, 'abcdefg')).replace('g', '\t');
    expect(StoredEntry.of(Buffer.from(text), 0, text.length)).toBeNull();
  });
});
