// Backups: whole or refused, whatever was cut off, added or changed.

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { epoch } from '../../../src/core/ids.ts';
import type { Entry } from '../../../src/core/operation.ts';
import {
  BackupReader,
  BackupWriter,
  InvalidBackup,
} from '../../../src/persistence/backup/backup.ts';
import { FolderNotEmpty, restoreFolder } from '../../../src/persistence/backup/restore.ts';
import { RealDisk } from '../../../src/persistence/disk/real-disk.ts';
import { openSegmentedLog } from '../../../src/persistence/log/segmented-log.ts';
import { UnknownFormat } from '../../../src/persistence/persistence.ts';
import { PAYLOAD_BYTES_MAX } from '../../../src/persistence/record/record.ts';
import { entryAt } from '../entries.ts';

const ORIGIN = { at: '2026-01-01T00:00:00.000Z', node: 'n1', lastIndex: 9 };

/** Entries with what a log may hold: a key, a batch, a hole that compaction left. */
const ENTRIES: readonly Entry[] = [
  { ...entryAt(1, 'first'), idempotencyKey: 'key' },
  { ...entryAt(2, 'a batch'), batch: 2 },
  entryAt(3, 'line\nbreak, \u{1f600} and "quotes"'),
  entryAt(7, '', 4),
  entryAt(9, 'last', 4),
];

function textOf(entries: readonly Entry[]): string {
  const writer = new BackupWriter();
  const lines = entries.map((entry) => writer.entry(entry));
  return [writer.head(ORIGIN)].concat(lines, writer.end()).join('');
}

/** The head is hashed first, as it is written. */
function backupOf(entries: readonly Entry[]): Buffer {
  const writer = new BackupWriter();
  let text = writer.head(ORIGIN);
  for (const entry of entries) text += writer.entry(entry);
  return Buffer.from(text + writer.end());
}

function read(bytes: Buffer, portion = bytes.length) {
  const entries: Entry[] = [];
  const reader = new BackupReader((entry) => entries.push(entry));
  for (let at = 0; at < bytes.length; at += portion) {
    reader.write(bytes.subarray(at, at + portion));
  }
  return { entries, summary: reader.end() };
}

describe('G23: a backup', () => {
  test.each([1, 7, 64, 10_000])('is read in portions of %i bytes', (portion) => {
    const { entries, summary } = read(backupOf(ENTRIES), portion);
    expect(entries).toEqual(ENTRIES);
    expect(summary).toEqual({ ...ORIGIN, entries: 5, first: 1, last: 9, lastEpoch: 4 });
  });

  test('is read from a buffer that is used again for each portion', () => {
    const whole = backupOf(ENTRIES);
    const entries: Entry[] = [];
    const reader = new BackupReader((entry) => entries.push(entry));
    const buffer = Buffer.alloc(50);
    for (let at = 0; at < whole.length; at += buffer.length) {
      reader.write(buffer.subarray(0, whole.copy(buffer, 0, at)));
    }
    expect(reader.end().entries).toBe(5);
    expect(entries).toEqual(ENTRIES);
  });

  test('may be empty', () => {
    const { summary } = read(backupOf([]));
    expect(summary).toMatchObject({ entries: 0, first: null, last: null, lastEpoch: 0 });
  });

  test('cut at any byte is refused', () => {
    const whole = backupOf(ENTRIES);
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => read(whole.subarray(0, length)), `${length} bytes`).toThrow(InvalidBackup);
    }
  });

  test('with any bit changed is refused', () => {
    const whole = backupOf(ENTRIES);
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const changed = Buffer.from(whole);
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      expect(() => read(changed), `bit ${bit}`).toThrow();
    }
  });

  test('with any part of its last line twice is refused', () => {
    const whole = backupOf([]);
    const start = whole.indexOf('\n') + 1;
    for (let from = start; from < whole.length; from += 1) {
      for (let to = from + 1; to <= whole.length; to += 1) {
        const twice = Buffer.concat([whole.subarray(0, to), whole.subarray(from)]);
        expect(() => read(twice), twice.toString('utf8', start)).toThrow(InvalidBackup);
      }
    }
  });

  test('with something behind its end, or put together wrongly, is refused', () => {
    const whole = backupOf(ENTRIES);
    expect(() => read(Buffer.concat([whole, Buffer.from('\n')]))).toThrow(InvalidBackup);
    expect(() => read(Buffer.concat([whole, whole]))).toThrow(InvalidBackup);
    const more = [`${JSON.stringify(entryAt(10, 'more', 4))}\n`, 'half a line'];
    for (const text of more) {
      expect(() => read(Buffer.concat([whole, Buffer.from(text)])), text).toThrow(InvalidBackup);
    }
    expect(() => read(Buffer.from(textOf(ENTRIES)))).toThrow(InvalidBackup);
    const swapped = [ENTRIES[1]!, ENTRIES[0]!];
    expect(() => read(backupOf(swapped))).toThrow('does not follow');
    expect(() => read(backupOf([entryAt(1), entryAt(1)]))).toThrow('does not follow');
    expect(() => read(backupOf([entryAt(1, 'a', 4), entryAt(2, 'b', 1)]))).toThrow('follow');
    expect(() => read(Buffer.from('hello\n'))).toThrow('no backup');
  });

  test('with a line that no entry can have is refused before it is all in memory', () => {
    const reader = new BackupReader();
    const rest = Buffer.alloc(1 << 20, 'x');
    const longest = PAYLOAD_BYTES_MAX + (64 << 10);
    for (let bytes = 0; bytes < longest; bytes += rest.length) {
      reader.write(rest.subarray(0, Math.min(rest.length, longest - bytes)));
    }
    expect(() => reader.write(rest.subarray(0, 1))).toThrow('a line that is too long');
  });

  test('of a later format is said to be one', () => {
    const later = Buffer.from(backupOf([]).toString().replace('"format":1', '"format":2'));
    expect(() => read(later)).toThrow(UnknownFormat);
  });
});

describe('G23: restore', () => {
  const folders: string[] = [];
  const home = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'replog-test-'));
    folders.push(folder);
    return folder;
  };
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  const from = (bytes: Buffer) =>
    async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
    };

  test('makes a folder with the same entries, at the same places', async () => {
    const folder = join(await home(), 'deep', 'n1');
    await restoreFolder(from(backupOf(ENTRIES)), folder);
    const log = openSegmentedLog(new RealDisk(folder));
    const entries: Entry[] = [];
    const { memory, lastIndex } = await log.recover((entry) => entries.push(entry));
    await log.close();
    expect(entries).toEqual(ENTRIES);
    expect(lastIndex).toBe(9);
    expect(memory).toEqual({
      cluster: null,
      epoch: epoch(4),
      acceptedEpoch: epoch(4),
      arbiter: null,
    });
    expect(await readdir(join(folder, '..'))).toEqual(['n1']);
  });

  test('writes nothing if the backup is not whole', async () => {
    const parent = await home();
    const cut = backupOf(ENTRIES).subarray(0, -5);
    const seen: string[][] = [];
    const read = async function* (): AsyncGenerator<Buffer> {
      seen.push(await readdir(parent));
      yield* from(cut)();
    };
    await expect(restoreFolder(read, join(parent, 'n1'))).rejects.toThrow(InvalidBackup);
    expect(seen).toEqual([[]]);
    expect(await readdir(parent)).toEqual([]);
  });

  test('leaves a folder alone that holds anything', async () => {
    const folder = await home();
    await writeFile(join(folder, 'mine'), 'x');
    await expect(restoreFolder(from(backupOf([])), folder)).rejects.toThrow(FolderNotEmpty);
    expect(await readdir(folder)).toEqual(['mine']);
  });
});
