// A Snapshot taken out of its body by the lengths that the master says.

import { describe, expect, it } from 'vitest';
import { epoch, logIndex, seq, session } from '../../src/core/ids.ts';
import type { SnapshotOrder } from '../../src/core/messages.ts';
import type { Entry } from '../../src/core/operation.ts';
import { snapshotBody } from '../../src/node/snapshot-body.ts';
import { readLengths } from '../../src/node/snapshot-reader.ts';
import { MemoryPersistence } from '../../src/persistence/memory-persistence.ts';
import { StoredEntry } from '../../src/persistence/stored-entry.ts';
import { at, entryAt } from '../persistence/entries.ts';

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
  return snapshotBody(order, chunk, chunk.prev);
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
    const read = readLengths(body);
    expect(JSON.parse(JSON.stringify(read?.updates))).toEqual(all);
    for (const [i, entry] of read!.updates.entries()) {
      const { index, epoch: of, at: when, op } = all[i]!;
      expect([entry.index, entry.epoch, entry.at, entry.op]).toEqual([index, of, when, op]);
      if (entry.op === 'append')
        expect(entry.message).toBe((all[i] as { message: string }).message);
    }
    expect(read!.updates.filter((entry) => entry instanceof StoredEntry).length).toBe(36);
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
      const read = readLengths(changed);
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

  it('is left to the usual way if the lengths do not fit, and without them', async () => {
    const body = (await bodyOf(filled(entries()))).toString();
    expect(readLengths(Buffer.from(body))).not.toBeNull();
    expect(readLengths(Buffer.from(body.replace(/"lengths":\[\d+/, '"lengths":[9')))).toBeNull();
    expect(readLengths(Buffer.from(body.replace(/"lengths":\[[^\]]*\],?/, '')))).toBeNull();
    expect(readLengths(Buffer.from(body.replace('"index":5,', '"index":3,')))).toBeNull();
    const few = filled([entryAt(1), entryAt(2)]);
    expect((await bodyOf(few)).includes('lengths')).toBe(false);
  });
});
