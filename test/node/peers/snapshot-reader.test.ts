// A Snapshot taken out of its body by the lengths that the master says.

import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { epoch, logIndex, seq, session } from '../../../src/core/ids.ts';
import type { SnapshotOrder } from '../../../src/core/messages.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { snapshotBody as snapshotSchema } from '../../../src/node/peers/peer-schemas.ts';
import { snapshotParts } from '../../../src/node/peers/snapshot-body.ts';
import { usualEnvelope } from '../../../src/node/peers/snapshot-envelope.ts';
import { readSnapshot } from '../../../src/node/peers/snapshot-reader.ts';
import { MemoryPersistence } from '../../../src/persistence/log/memory-persistence.ts';
import { StoredEntry } from '../../../src/persistence/record/stored-entry.ts';
import { at, entryAt } from '../../persistence/entries.ts';

const ODD = [
  'plain',
  '',
  'quote " backslash \\ \\" newline \n',
  'ümlaut 🎉 \u2028',
  '","batch":3,"message":"',
  '\\u0041 \u0001',
];

/** Entries of all kinds, enough of them that their lengths are sent along. */
function entries(): Entry[] {
  return Array.from({ length: 120 }, (_, i): Entry => {
    const place = {
      index: at(i + 1),
      epoch: epoch(i < 60 ? 1 : 12),
      at: '2024-05-01T12:00:00.000Z',
    };
    if (i % 10 === 3) return { ...place, op: 'put', key: `k${i}`, value: ODD[i % ODD.length]! };
    if (i % 10 === 7) return { ...place, op: 'remove', key: `k${i}` };
    const head = i % 10 === 5 ? { batch: 1, idempotencyKey: `key ${i}` } : {};
    return { ...place, op: 'append', message: ODD[i % ODD.length]!, ...head };
  });
}

/** Nothing but appends, one after the other; `keyed`: with idempotency keys. */
function appends(keyed: boolean): Entry[] {
  const messages = ['plain', '', 'ümlaut 🎉', 'x'.repeat(100)];
  return Array.from({ length: 120 }, (_, i): Entry => {
    const place = { index: at(i + 1), epoch: epoch(12), at: '2024-05-01T12:00:00.000Z' };
    const key = keyed ? { idempotencyKey: `key ${i}` } : {};
    return { ...place, op: 'append', message: messages[i % 4]!, ...key };
  });
}

/** What its fields say; itself if it was parsed. */
function asObject(entry: Entry): object {
  if (!(entry instanceof StoredEntry)) return entry;
  const { index, epoch, at, op, idempotencyKey } = entry;
  return { index, epoch, at, op, message: entry.message, idempotencyKey };
}

async function bodyOf(log: MemoryPersistence): Promise<Buffer> {
  const chunk = log.read(at(1), log.lastIndex);
  const order: SnapshotOrder = {
    type: 'Snapshot',
    epoch: epoch(12),
    session: session(3),
    seq: seq(0),
    from: at(1),
    to: log.lastIndex,
    commitIndex: logIndex(0),
  };
  return Buffer.concat(snapshotParts(order, chunk, chunk.prev));
}

function filled(all: readonly Entry[]): MemoryPersistence {
  const log = new MemoryPersistence();
  log.append(all);
  return log;
}

describe('a Snapshot with lengths', () => {
  it('is what parsing it gives, and its bytes are stored as they came', async () => {
    const all = entries();
    const log = filled(all);
    const body = await bodyOf(log);
    const read = readSnapshot(body);
    expect(JSON.parse(JSON.stringify(read?.updates))).toEqual(all);
    for (const [i, entry] of read!.updates.entries()) {
      const { index, epoch: of, at: when, op } = all[i]!;
      expect([entry.index, entry.epoch, entry.at, entry.op]).toEqual([index, of, when, op]);
      if (entry.op === 'append')
        expect(entry.message).toBe((all[i] as { message: string }).message);
    }
    const stored = read!.updates.filter((entry) => entry instanceof StoredEntry);
    expect(stored.length).toBe(36);
    for (const { size, message } of stored) expect(size).toBe(Buffer.byteLength(message));
    const copy = filled(read!.updates);
    expect(copy.hash).toBe(log.hash);
    expect(copy.read(at(1), copy.lastIndex).json).toEqual(log.read(at(1), log.lastIndex).json);
  });

  it('is never read otherwise than parsing it would, whatever byte is changed', async () => {
    const body = await bodyOf(filled(entries().slice(0, 70)));
    const wrong: string[] = [];
    for (let i = 0; i < body.length; i += 11) {
      const changed = Buffer.from(body);
      changed[i] = '"\\,]}0\u0001'.charCodeAt(i % 7);
      const read = readSnapshot(changed);
      if (read === null) continue;
      let parsed: unknown;
      try {
        parsed = (JSON.parse(changed.toString()) as { updates: unknown }).updates;
      } catch {
        wrong.push(`${i}: not JSON, and read all the same`);
        continue;
      }
      if (JSON.stringify(parsed) !== JSON.stringify(read.updates)) wrong.push(`${i}: differs`);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['plain', false],
    ['keyed', true],
  ])('of %s appends alone is never read otherwise either', async (_, keyed) => {
    const body = await bodyOf(filled(appends(keyed).slice(0, 66)));
    expect(readSnapshot(body)!.updates.every((entry) => entry instanceof StoredEntry)).toBe(true);
    const wrong: string[] = [];
    for (let i = 0; i < body.length; i += 1) {
      const changed = Buffer.from(body);
      changed[i] = '"\\,]}01\u0001'.charCodeAt(i % 8);
      const read = readSnapshot(changed);
      if (read === null) continue;
      try {
        const { updates } = JSON.parse(changed.toString()) as { updates: unknown };
        const same = JSON.stringify(updates) === JSON.stringify(read.updates);
        const listed = JSON.stringify(read.updates.map(asObject));
        if (!same || listed !== JSON.stringify(updates)) wrong.push(`${i}: differs`);
      } catch {
        wrong.push(`${i}: not JSON, and read all the same`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['at', '"at":"2024-05-01T12:00:00.000Z"', '"at":"2024-15-01T12:00:00.000Z"'],
    ['key', '"key":"k3"', '"key":""'],
    ['batch', '"batch":1', '"batch":0'],
    ['idempotencyKey', '"idempotencyKey":"key 5"', '"idempotencyKey":"kéy"'],
  ])('is refused for a wrong %s, too', async (_, right, wrong) => {
    const body = (await bodyOf(filled(entries()))).toString();
    const changed = body.replace(right, wrong);
    const shorter = Buffer.byteLength(right) - Buffer.byteLength(wrong);
    const lengths = (text: string): string =>
      text.replace(/"lengths":\[[^\]]*\]/, (list) => {
        const all = JSON.parse(list.slice(10)) as number[];
        const which = entries().findIndex((entry) => JSON.stringify(entry).includes(right));
        all[which]! -= shorter;
        return `"lengths":${JSON.stringify(all)}`;
      });
    expect(readSnapshot(Buffer.from(body))).not.toBeNull();
    expect(readSnapshot(Buffer.from(lengths(changed)))).toBeNull();
    expect(snapshotSchema.safeParse(JSON.parse(changed)).success).toBe(false);
  });

  it('is left to the usual way if the lengths do not fit', async () => {
    const body = (await bodyOf(filled(entries()))).toString();
    expect(readSnapshot(Buffer.from(body))).not.toBeNull();
    expect(readSnapshot(Buffer.from(body.replace(/"lengths":\[\d+/, '"lengths":[9')))).toBeNull();
  });

  it.each([3, 4])(
    'is left to the usual way if its indexes do not rise (%i for 5)',
    async (index) => {
      const body = (await bodyOf(filled(entries()))).toString();
      const changed = body.replace('"index":5,', `"index":${index},`);
      expect(readSnapshot(Buffer.from(changed))).toBeNull();
    },
  );
});

describe('a Snapshot without lengths', () => {
  it('is read whole', async () => {
    const body = await bodyOf(filled([entryAt(1), entryAt(2)]));
    expect(body.includes('lengths')).toBe(false);
    expect(readSnapshot(body)?.updates).toEqual([entryAt(1), entryAt(2)]);
  });

  it('is never read otherwise than its schema would, whatever byte is changed', async () => {
    const body = await bodyOf(filled([entryAt(1), entryAt(2)]));
    const wrong: string[] = [];
    for (let i = 0; i < body.length; i += 1) {
      const changed = Buffer.from(body);
      changed[i] = '"\\,-]}0x\u0001'.charCodeAt(i % 9);
      const read = readSnapshot(changed);
      if (read === null) continue;
      const checked = snapshotSchema.safeParse(JSON.parse(changed.toString()));
      if (!isDeepStrictEqual(checked.data, read)) wrong.push(changed.toString());
    }
    expect(wrong).toEqual([]);
  });
});

describe('what stands around the updates', () => {
  const usual = { epoch: 1, session: 2, seq: 0, commitIndex: 3 };
  const master = { node: 'n1', url: 'http://127.0.0.1:4000' };
  const prev = { index: 0, hash: 4 };

  it.each([
    usual,
    { ...usual, master, opened: 0, prev, reset: true, later: 'field' },
    { ...usual, master: { ...master, url: 'https://node.example/replog' } },
    { ...usual, session: -1 },
  ])('%j is what the schema gives', (fields) => {
    const { updates: _, ...checked } = snapshotSchema.parse({ ...fields, updates: [] });
    expect(usualEnvelope(fields)).toEqual(checked);
  });

  it.each([
    null,
    [],
    { ...usual, epoch: -1 },
    { ...usual, epoch: 2 ** 47 + 1 },
    { ...usual, session: 1.5 },
    { ...usual, seq: '0' },
    { ...usual, commitIndex: 2 ** 53 },
    { ...usual, master: { node: 'N1', url: master.url } },
    { ...usual, master: { node: 'n1', url: 'http://127.0.0.1:65536' } },
    { ...usual, master: { node: 'n1', url: 'ftp://127.0.0.1:4000' } },
    { ...usual, prev: { index: 0 } },
    { ...usual, opened: null },
    { ...usual, reset: 1 },
    { ...usual, holes: [] },
  ])('%j is left to the schema', (fields) => {
    expect(usualEnvelope(fields)).toBeNull();
  });
});
