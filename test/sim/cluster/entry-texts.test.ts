// Entries that are parsed once per text (src/sim/cluster/entry-texts.ts).

import { expect, test } from 'vitest';
import { MemoryPersistence } from '../../../src/persistence/log/memory-persistence.ts';
import { EntryTexts } from '../../../src/sim/cluster/entry-texts.ts';
import { at, entryAt } from '../../persistence/entries.ts';

const MESSAGES = ['plain', 'größer', '日本 🚀', '"quoted", and\u0000', ''];

function logOf(messages: readonly string[]): MemoryPersistence {
  const log = new MemoryPersistence();
  log.append(messages.map((message, i) => entryAt(i + 1, message)));
  return log;
}

test('they are what the chunk holds, whatever is in the messages', () => {
  const log = logOf(MESSAGES);
  const texts = new EntryTexts();
  for (const from of [1, 3]) {
    const chunk = log.read(at(from), at(MESSAGES.length));
    expect(texts.entries(chunk)).toEqual(chunk.entries());
  }
});

test('a text is parsed once, also where it stands among others', () => {
  const log = logOf(MESSAGES);
  const texts = new EntryTexts();
  const [, second] = texts.entries(log.read(at(1), at(3)));
  const [first] = texts.entries(log.read(at(2), at(4)));
  expect(first).toBe(second);
});

test('entries of one index are told apart by their texts', () => {
  const texts = new EntryTexts();
  const said = ['one', 'two'].map((message) => {
    return texts.entries(logOf([message]).read(at(1), at(1)))[0];
  });
  expect(said).toMatchObject([{ message: 'one' }, { message: 'two' }]);
});
